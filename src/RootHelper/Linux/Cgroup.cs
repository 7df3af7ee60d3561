using System.Diagnostics;
using System.Globalization;

namespace Fleet.RootHelper.Linux;

/// <summary>
/// A cgroup of a task's own, below that of the helper: by it every process of the task is found and ended, also one that has daemonised. Version 2, or, where
/// there is none, the hierarchy of the pids controller.
/// </summary>
internal sealed class Cgroup : IDisposable
{
    private const string Root = "/sys/fs/cgroup";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly bool IsV2 = File.Exists($"{Root}/cgroup.controllers");

    private readonly string path;

    private Cgroup(string path) => this.path = path;

    public string Path => path;

    /// <exception cref="IOException">There is no such hierarchy, or it cannot be made.</exception>
    public static Cgroup Make(string name)
    {
        var own = Named(name);
        if (Libc.MakeFolder(own.path, 0x1ED) < 0 && Libc.Error != Libc.EEXIST)
        {
            throw new LinuxException($"make the cgroup {own.path}");
        }

        return own;
    }

    /// <summary>One that this helper has made, or would make.</summary>
    public static Cgroup Named(string name) => new($"{Above()}/{name}");

    /// <summary>One that an earlier helper made.</summary>
    public static Cgroup Of(string path) => new(path);

    /// <summary>Whatever <paramref name="start"/> starts is in it from its first instruction on: the helper is in it itself for that moment.</summary>
    public Child Start(Func<Child> start)
    {
        Join(path);
        try
        {
            return start();
        }
        finally
        {
            Join(System.IO.Path.GetDirectoryName(path)!);
        }
    }

    /// <summary>Ends every process in it; none can come to be meanwhile. Returns when all are gone.</summary>
    /// <param name="but">Left alone.</param>
    public void Kill(int? but = null)
    {
        try
        {
            KillAll(but);
        }
        catch (IOException) when (!Directory.Exists(path))
        {
            // Its helper has taken it away: it is empty.
        }
    }

    /// <summary>False: a process in it cannot be ended now, such as one that waits for a disk.</summary>
    public bool IsGone => !Directory.Exists(path);

    /// <summary>Ends what is in it and takes it away; nothing happens where it is gone.</summary>
    public void Dispose()
    {
        // The kernel takes away only what is empty.
        for (var waited = Stopwatch.StartNew(); Libc.RemoveFolder(path) < 0 && Libc.Error != Libc.ENOENT && waited.Elapsed < Patience; Thread.Sleep(1))
        {
            Kill();
        }
    }

    private void KillAll(int? but)
    {
        if (!IsV2)
        {
            File.WriteAllText($"{path}/pids.max", "0");
        }
        else if (but is null)
        {
            File.WriteAllText($"{path}/cgroup.kill", "1");
        }

        for (var waited = Stopwatch.StartNew(); Processes(but) is { Length: > 0 } left && waited.Elapsed < Patience;)
        {
            Array.ForEach(left, pid => Libc.Kill(pid, Libc.Sigkill));
            Thread.Sleep(1);
        }
    }

    private int[] Processes(int? but) =>
        [.. File.ReadAllLines($"{path}/cgroup.procs").Select(line => int.Parse(line, CultureInfo.InvariantCulture)).Where(pid => pid != Environment.ProcessId && pid != but)];

    // In version 1 this thread alone goes, and what it starts is where it is. To move a process the kernel keeps every other from starting threads first, and waits
    // for each processor to say so; version 2 knows no other way.
    private static void Join(string group) => File.WriteAllText($"{group}/{(IsV2 ? "cgroup.procs" : "tasks")}", "0");

    private static string Above()
    {
        foreach (var line in File.ReadLines("/proc/self/cgroup"))
        {
            // 0::/path in version 2; 8:pids:/path in version 1.
            var fields = line.Split(':', 3);
            if (IsV2 ? fields[0] == "0" : fields[1].Split(',').Contains("pids"))
            {
                return (IsV2 ? Root : $"{Root}/pids") + fields[2].TrimEnd('/');
            }
        }

        throw new IOException("cannot end a task surely: the host has neither cgroup version 2 nor the pids controller of version 1");
    }
}
