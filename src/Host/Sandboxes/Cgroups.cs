using System.Globalization;
using Fleet.Actors.Sandboxes;
using Fleet.Host.Linux;
using Fleet.Host.Logs;
using Fleet.Processes;

namespace Fleet.Host.Sandboxes;

/// <summary>
/// The host's control groups below the fleet's delegated one. A leaf is named by its run (and, for a command run inside, RUN/NAME), and is one folder on v2,
/// one per controller on v1. Every sandbox has one, with limits or without: by it memory and CPU are counted, and everything in it can be ended.
/// </summary>
internal abstract class Cgroups(string name)
{
    public const string Remedy = "run `fleet host init` once as root";

    protected const string Mount = "/sys/fs/cgroup";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    protected string Name { get; } = name;

    public static Cgroups OfThisHost(string name) => File.Exists($"{Mount}/cgroup.controllers") ? new CgroupsV2(name) : new CgroupsV1(name);

    /// <summary>Why no leaf can be made here, or one with these limits; null if all is well.</summary>
    public abstract string? Missing(Limits limits);

    /// <summary>The leaf's folders; made or not.</summary>
    public abstract IReadOnlyList<string> Folders(string leaf);

    /// <summary>Writes the limits and reads them back.</summary>
    /// <exception cref="LimitException">The kernel took another value than the one asked for.</exception>
    public abstract void Limit(string leaf, Limits limits);

    /// <summary>Processes of the leaf that the out-of-memory killer ended.</summary>
    public abstract long OomKills(string leaf);

    /// <summary>Where the kernel's freezer of a leaf is switched.</summary>
    public abstract string FreezerFolder(string leaf);

    public abstract SandboxUsage? Usage(string leaf);

    /// <exception cref="IOException">It cannot be made, such as that of a command whose sandbox is gone meanwhile: no parent is made.</exception>
    public void Make(string leaf)
    {
        foreach (var folder in Folders(leaf))
        {
            Files.MakeFolder(folder);
        }
    }

    /// <summary>Whether a process is in the leaf, in every controller that has one.</summary>
    /// <param name="membership">Its /proc/PID/cgroup.</param>
    public abstract bool Holds(string leaf, string membership);

    /// <summary>Ends every process of the leaf and removes it. Done already: nothing happens.</summary>
    /// <returns>False: something is still in it, such as a process that hangs in the kernel.</returns>
    public async Task<bool> Remove(string leaf)
    {
        var folders = Folders(leaf).Where(Directory.Exists).ToArray();
        for (var end = Environment.TickCount64 + Patience.TotalMilliseconds; folders.Length > 0; await Task.Delay(2))
        {
            Array.ForEach(folders, folder => KillIn(folder));
            new CgroupFreezer(FreezerFolder(leaf)).Thaw(); // A frozen process does not die on v1.
            folders = [.. folders.Where(f => !TryRemove(f))];
            if (Environment.TickCount64 > end)
            {
                return folders.Length == 0;
            }
        }

        return true;
    }

    /// <summary>Ends every process of the leaf, once; one that is being forked may escape, and PID 1's end takes that too.</summary>
    public void Kill(string leaf, int? except = null) => Array.ForEach([.. Folders(leaf)], folder => KillIn(folder, except));

    /// <summary>Puts a process into a leaf that was made.</summary>
    /// <param name="user">Whose it is, as the agent's own namespace counts.</param>
    /// <exception cref="IOException">The kernel refused it.</exception>
    public abstract Task Admit(string leaf, int pid, long user, CancellationToken cancel);

    private static void KillIn(string folder, int? except = null)
    {
        if (except is null && File.Exists($"{folder}/cgroup.kill"))
        {
            TryWrite($"{folder}/cgroup.kill", "1");
            return;
        }

        foreach (var child in Children(folder))
        {
            KillIn(child, except);
        }

        foreach (var pid in Lines($"{folder}/cgroup.procs").Select(p => int.Parse(p, CultureInfo.InvariantCulture)).Where(p => p > 0 && p != except))
        {
            _ = OtherProcess.Kill(pid, (int)StopSignal.Kill);
        }
    }

    protected static void Set(string file, string value, string what, Func<string, bool> accept)
    {
        if (!TryWrite(file, value) || Proc.Read(file)?.Trim() is not { } got || !accept(got))
        {
            throw new LimitException($"the {what} {value} cannot be enforced: {file} says {Proc.Read(file)?.Trim() ?? "nothing"}; {Remedy}");
        }
    }

    // The kernel rounds bytes down to whole pages (of at most 64 KiB).
    protected static Func<string, bool> About(long bytes) =>
        got => long.TryParse(got, CultureInfo.InvariantCulture, out var value) && value <= bytes && value > bytes - 65536;

    protected static string[] Lines(string file) => Proc.Read(file)?.Split('\n', StringSplitOptions.RemoveEmptyEntries) ?? [];

    protected static long Number(string file, string key) =>
        Lines(file).Select(l => l.Split(' ')).Where(f => f[0] == key).Select(f => long.Parse(f[1], CultureInfo.InvariantCulture)).FirstOrDefault();

    protected static long Number(string file) => long.TryParse(Proc.Read(file), CultureInfo.InvariantCulture, out var value) ? value : 0;

    protected static bool MayWrite(string folder)
    {
        var probe = $"{folder}/fleet-probe-{Environment.ProcessId}-{Environment.CurrentManagedThreadId}";
        try
        {
            Directory.CreateDirectory(probe);
            Directory.Delete(probe);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    // It may go while it is looked at.
    private static string[] Children(string folder)
    {
        try
        {
            return Directory.GetDirectories(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static bool TryRemove(string folder)
    {
        try
        {
            foreach (var child in Children(folder))
            {
                TryRemove(child);
            }

            Directory.Delete(folder);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return !Directory.Exists(folder);
        }
    }

    // Not File.WriteAllText: that truncates first, which some of the kernel's files refuse.
    protected static bool TryWrite(string file, string value)
    {
        try
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, 0);
            stream.Write(System.Text.Encoding.ASCII.GetBytes(value));
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}

/// <summary>A limit that this host does not enforce.</summary>
internal sealed class LimitException(string message) : Exception(message);
