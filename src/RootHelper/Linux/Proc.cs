using System.Collections.Immutable;
using System.Globalization;
using Fleet.Sandboxes;
using Microsoft.Win32.SafeHandles;

namespace Fleet.RootHelper.Linux;

/// <summary>proc(5).</summary>
internal static class Proc
{
    public static Guid BootId { get; } = Guid.Parse(File.ReadAllText("/proc/sys/kernel/random/boot_id"));

    /// <summary>In clock ticks since boot: with the pid it is one process and never another. Null: there is none.</summary>
    public static ulong? StartTicks(int pid) => Read($"/proc/{pid}/stat") is { } stat
        ? ulong.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[19], CultureInfo.InvariantCulture)
        : null;

    /// <summary>What the kernel gives a process, with the namespaces that it shares with this one; null: it has ended.</summary>
    public static KernelView? View(int pid)
    {
        var shared = ImmutableArray.CreateBuilder<string>();
        foreach (var name in KernelView.Namespaces)
        {
            // One that is ending gives its namespaces back one by one: what is read of it then is no view of what it had.
            if (new FileInfo($"/proc/{pid}/ns/{name}").LinkTarget is not { } theirs)
            {
                return null;
            }

            if (theirs == new FileInfo($"/proc/self/ns/{name}").LinkTarget)
            {
                shared.Add(name);
            }
        }

        return Read($"/proc/{pid}/status") is { } status ? KernelView.Read(status, shared.ToImmutable()) : null;
    }

    /// <summary>Whether a process has become a program, or is gone.</summary>
    public static bool HasExecuted(int pid, string program) => Read($"/proc/{pid}/cmdline") is not { Length: > 0 } words || words.StartsWith($"{program}\0", StringComparison.Ordinal);

    /// <summary>What a process is signalled by without ever being another; null: it is gone.</summary>
    public static SafeFileHandle? Find(int pid, ulong startTicks)
    {
        // The pidfd first, the comparison then: what the pidfd stands for can no longer change.
        var pidfd = Libc.PidfdOpen(pid);
        if (!pidfd.IsInvalid && StartTicks(pid) == startTicks)
        {
            return pidfd;
        }

        pidfd.Dispose();
        return null;
    }

    private static string? Read(string path)
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
}
