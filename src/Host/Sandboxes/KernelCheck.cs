using Fleet.Host.Linux;
using Fleet.Sandboxes;

namespace Fleet.Host.Sandboxes;

/// <summary>Compares what the kernel gave a sandbox with what was asked: a runtime, or a host, that does less must be found here and not by an attacker.</summary>
internal static class KernelCheck
{
    private static readonly TimeSpan Ending = TimeSpan.FromMilliseconds(20);
    private static readonly string[] Namespaces = ["ipc", "mnt", "uts", "pid", "user"];
    private static readonly string[] Capabilities = ["CapEff", "CapPrm", "CapInh", "CapBnd", "CapAmb"];

    /// <summary>What differs, for people; null if nothing does, or if the process has ended meanwhile (then nothing of it can do harm).</summary>
    public static string? Difference(int pid, OciUser user, long firstUid, Func<string, bool> inLeaf)
    {
        if (Look(pid, user, firstUid, inLeaf) is null)
        {
            return null;
        }

        // On its way out a process leaves its cgroups before it becomes a zombie: what differs only then is an end, not a difference.
        Thread.Sleep(Ending);
        return Look(pid, user, firstUid, inLeaf);
    }

    private static string? Look(int pid, OciUser user, long firstUid, Func<string, bool> inLeaf)
    {
        var texts = (Status: Proc.Read($"/proc/{pid}/status"), Map: Proc.Read($"/proc/{pid}/uid_map"), Cgroup: Proc.Read($"/proc/{pid}/cgroup"));
        var shared = Namespaces.FirstOrDefault(n => Proc.Namespace($"{pid}", n) is { } theirs && theirs == Proc.Namespace("self", n));
        if (texts.Status is null || texts.Map is null || texts.Cgroup is null || Proc.StartTicks(pid) is null)
        {
            return null;
        }

        return InStatus(texts.Status, firstUid + user.Uid)
            ?? InMap(texts.Map, firstUid)
            ?? (inLeaf(texts.Cgroup) ? null : $"it is in the cgroups {texts.Cgroup.ReplaceLineEndings(" ")}")
            ?? (shared is null ? null : $"it shares the {shared} namespace of the host");
    }

    private static string? InStatus(string status, long uid)
    {
        if (Proc.Status(status, "Seccomp") != "2")
        {
            return $"Seccomp is {Proc.Status(status, "Seccomp")}, not 2";
        }

        if (Proc.Status(status, "NoNewPrivs") != "1")
        {
            return $"NoNewPrivs is {Proc.Status(status, "NoNewPrivs")}, not 1";
        }

        if (Capabilities.FirstOrDefault(c => Proc.Status(status, c)?.Trim('0') is not "") is { } capability)
        {
            return $"{capability} is {Proc.Status(status, capability)}, not 0";
        }

        return Proc.Status(status, "Uid")?.Split('\t').All(u => u == $"{uid}") == true ? null : $"its user is {Proc.Status(status, "Uid")}, not {uid}";
    }

    private static string? InMap(string map, long first) =>
        map.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) is ["0", var outside, var size] && outside == $"{first}" && size == $"{IdSlices.Size}"
            ? null
            : $"its user namespace maps {map.Trim()}, not 0 to {first}";
}
