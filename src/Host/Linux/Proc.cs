using System.Globalization;

namespace Fleet.Host.Linux;

/// <summary>What /proc says (proc(5)). A process may end between any two looks, so every answer may be null.</summary>
internal static class Proc
{
    public static readonly Guid BootId = Guid.Parse(File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim());

    /// <summary>Field 22 of stat, which with the boot id makes a pid unique; null if it has ended (a zombie has).</summary>
    public static ulong? StartTicks(int pid)
    {
        if (Read($"/proc/{pid}/stat") is not { } stat)
        {
            return null;
        }

        // The second field is the program's name in brackets and may itself hold blanks and brackets.
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return fields[0] is "Z" or "X" ? null : ulong.Parse(fields[19], CultureInfo.InvariantCulture);
    }

    public static string? CommandLine(int pid) => Read($"/proc/{pid}/cmdline");

    /// <summary>The program's file; of one that was replaced since (a package was upgraded), where it was.</summary>
    public static string? Executable(int pid) => Link($"/proc/{pid}/exe")?.Replace(" (deleted)", "", StringComparison.Ordinal);

    /// <summary>The first child of a process's main thread.</summary>
    public static int? FirstChild(int pid) =>
        Read($"/proc/{pid}/task/{pid}/children")?.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [var first, ..]
            ? int.Parse(first, CultureInfo.InvariantCulture)
            : null;

    /// <summary>The value of one line of /proc/PID/status.</summary>
    public static string? Status(string status, string key)
    {
        var at = status.IndexOf($"\n{key}:", StringComparison.Ordinal);
        return at < 0 ? null : status[(at + key.Length + 2)..].Split('\n', 2)[0].Trim();
    }

    /// <summary>Such as <c>pid:[4026531836]</c>.</summary>
    public static string? Namespace(string pid, string name) => Link($"/proc/{pid}/ns/{name}");

    public static string? Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Processes of this user of whose arguments one is exactly <paramref name="argument"/>.</summary>
    public static IEnumerable<int> WithArgument(string argument)
    {
        var me = Credentials.EffectiveUser();
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var pid)
                && pid != Environment.ProcessId
                && Files.Lstat(folder, out _)?.User == me
                && CommandLine(pid)?.Split('\0').Contains(argument) == true)
            {
                yield return pid;
            }
        }
    }

    /// <summary>The first process that belongs to one of so many users; what has ended and waits for its parent to look is none.</summary>
    public static int? FirstOfUsers(long first, long count)
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var pid)
                && Files.Lstat(folder, out _) is { } stat && stat.User >= first && stat.User < first + count && StartTicks(pid) is not null)
            {
                return pid;
            }
        }

        return null;
    }

    private static string? Link(string path)
    {
        try
        {
            return new FileInfo(path).LinkTarget;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
