using System.Globalization;

namespace Fleet.RootHelper.Linux;

/// <summary>The kernel's files of a cgroup, and its folders.</summary>
internal static class CgroupFile
{
    /// <summary>The processes in it; none where it is gone.</summary>
    public static int[] Processes(string group)
    {
        try
        {
            return [.. File.ReadAllLines($"{group}/cgroup.procs").Select(line => int.Parse(line, CultureInfo.InvariantCulture)).Where(pid => pid > 0)];
        }
        catch (IOException)
        {
            // Gone, or made by who runs in it into one that has no such list: that ends with its first process.
            return [];
        }
    }

    /// <summary>Idempotent.</summary>
    /// <exception cref="LinuxException">It cannot be made.</exception>
    public static void MakeFolder(string path)
    {
        const uint shown = 0x1ED; // 0755, whatever the mask: the agent looks at what a run uses
        if (Libc.MakeFolder(path, shown) < 0 && Libc.Error != Libc.EEXIST)
        {
            throw new LinuxException($"make the cgroup {path}");
        }

        using var folder = LinuxException.Check(Libc.Open(path, Libc.ReadOnly | Libc.Folder), $"open {path}");
        LinuxException.Check(Libc.ChangeMode(folder, shown), $"set the mode of {path}");
    }

    /// <exception cref="IOException">The kernel did not take it.</exception>
    public static void Write(string file, string value)
    {
        if (!TryWrite(file, value))
        {
            throw new IOException($"the kernel does not take {value} at {file}");
        }
    }

    // Not File.WriteAllText: that truncates first, which some of the kernel's files refuse.
    public static bool TryWrite(string file, string value)
    {
        try
        {
            using var handle = File.OpenHandle(file, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            RandomAccess.Write(handle, System.Text.Encoding.ASCII.GetBytes(value), 0);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
