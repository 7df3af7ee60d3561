using Fleet.Host.Linux;
using Fleet.Sandboxes;

namespace Fleet.Host.Sandboxes;

/// <summary>
/// Compares what the kernel gave a sandbox with what was asked: a runtime, or a host, that does less must be found here and not by an attacker. What cannot
/// be read of a process that lives is a difference.
/// </summary>
internal static class KernelCheck
{
    private static readonly TimeSpan Ending = TimeSpan.FromMilliseconds(20);
    private static readonly string[] Namespaces = ["ipc", "mnt", "uts", "pid", "user"];
    private static readonly string[] Capabilities = ["CapEff", "CapPrm", "CapInh", "CapBnd", "CapAmb"];

    /// <summary>What differs, for people; null if nothing does, or if the process has ended meanwhile (then nothing of it can do harm).</summary>
    public static string? Difference(int pid, OciUser user, SubIds ids, int slice, Func<string, bool> inLeaf)
    {
        string? Look() => Compare(pid, user, IdSlices.OnHost(ids.FirstUid, slice), IdSlices.OnHost(ids.FirstGid, slice), inLeaf);
        if (Look() is null)
        {
            return null;
        }

        // On its way out a process leaves its cgroups before it becomes a zombie: what differs only then is an end, not a difference.
        Thread.Sleep(Ending);
        return Look();
    }

    private static string? Compare(int pid, OciUser user, long firstUid, long firstGid, Func<string, bool> inLeaf)
    {
        var difference = InStatus(Proc.Read($"/proc/{pid}/status"), firstUid + user.Uid, firstGid + user.Gid)
            ?? InMap(Proc.Read($"/proc/{pid}/uid_map"), "users", firstUid)
            ?? InMap(Proc.Read($"/proc/{pid}/gid_map"), "groups", firstGid)
            ?? InCgroups(Proc.Read($"/proc/{pid}/cgroup"), inLeaf)
            ?? Namespaces.Select(n => InNamespace(pid, n)).FirstOrDefault(d => d is not null);

        // Last: whatever could not be read because the process ended is no difference.
        return Proc.StartTicks(pid) is null ? null : difference;
    }

    private static string? InStatus(string? status, long uid, long gid)
    {
        if (status is null)
        {
            return "its status cannot be read";
        }

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

        return InIds(status, "Uid", uid) ?? InIds(status, "Gid", gid);
    }

    // Real, effective, saved and file system's.
    private static string? InIds(string status, string key, long id) =>
        Proc.Status(status, key)?.Split('\t').All(u => u == $"{id}") == true ? null : $"its {key} is {Proc.Status(status, key)}, not {id}";

    private static string? InMap(string? map, string what, long first) =>
        map?.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) is ["0", var outside, var size] && outside == $"{first}" && size == $"{IdSlices.Size}"
            ? null
            : $"its user namespace maps {what} as {map?.Trim() ?? "nobody can read"}, not 0 to {first}";

    private static string? InCgroups(string? membership, Func<string, bool> inLeaf) =>
        membership is not null && inLeaf(membership) ? null : $"it is in the cgroups {membership?.ReplaceLineEndings(" ") ?? "that nobody can read"}";

    private static string? InNamespace(int pid, string name) => Proc.Namespace($"{pid}", name) switch
    {
        null => $"its {name} namespace cannot be read",
        var theirs when theirs == Proc.Namespace("self", name) => $"it shares the {name} namespace of the host",
        _ => null,
    };
}
