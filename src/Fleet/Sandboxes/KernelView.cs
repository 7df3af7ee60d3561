using System.Collections.Immutable;
using System.Globalization;
using Fleet.Privileges;

namespace Fleet.Sandboxes;

/// <summary>What a process has, as the kernel says it (proc(5), /proc/PID/status and /proc/PID/ns), or as it was declared: the two can be laid side by side.</summary>
/// <param name="Capabilities">The effective ones, without CAP_, in the order of their numbers.</param>
/// <param name="Bounding">What it, and what it executes, can come to have at most.</param>
/// <param name="Filtered">By a system-call filter.</param>
/// <param name="Shared">The namespaces that it has in common with the host, by their names in /proc/PID/ns; null: they could not be looked at.</param>
public sealed record KernelView(
    int Uid, int Gid, ImmutableArray<string> Capabilities, ImmutableArray<string> Bounding, bool Filtered, bool NoNewPrivileges, ImmutableArray<string>? Shared)
{
    /// <summary>Those of a sandbox, by their names in /proc/PID/ns.</summary>
    public static readonly ImmutableArray<string> Namespaces = ["cgroup", "ipc", "mnt", "net", "pid", "user", "uts"];

    /// <summary>What a job's process with these privileges is to have: no user namespace and the host's network, the rest its own.</summary>
    /// <param name="user">As the host counts.</param>
    public static KernelView Declared(PrivilegeSet privileges, OciUser user)
    {
        ImmutableArray<string> capabilities = [.. CapabilityNames.All.Where(name => privileges.Members.Contains(new Privilege.Capability(name)))];
        return new KernelView(
            user.Uid, user.Gid, capabilities, capabilities, !privileges.Members.Contains(new Privilege.NoSeccomp()), !privileges.Members.Contains(new Privilege.NewPrivileges()),
            [.. Namespaces.Where(name => name is "net" or "user" || (name == "pid" && privileges.Members.Contains(new Privilege.HostPidNamespace())))]);
    }

    /// <param name="status">Of /proc/PID/status.</param>
    /// <returns>Null: it is no such text, as of a process that has just ended.</returns>
    public static KernelView? Read(string status, ImmutableArray<string>? shared)
    {
        var lines = status.Split('\n').Select(line => line.Split(':', 2)).Where(pair => pair.Length == 2).ToDictionary(pair => pair[0], pair => pair[1].Trim());
        return lines.TryGetValue("Uid", out var uids) && lines.TryGetValue("Gid", out var gids) && lines.TryGetValue("CapEff", out var effective)
            && lines.TryGetValue("CapBnd", out var bounding) && lines.TryGetValue("Seccomp", out var seccomp) && lines.TryGetValue("NoNewPrivs", out var noNew)
                ? new KernelView(Effective(uids), Effective(gids), Names(effective), Names(bounding), seccomp == "2", noNew == "1", shared)
                : null;
    }

    /// <summary>What is not as declared, for people; null: nothing.</summary>
    public string? DifferenceFrom(KernelView declared)
    {
        string[] differences =
        [
            .. Differs("uid", Uid, declared.Uid), .. Differs("gid", Gid, declared.Gid),
            .. Differs("capabilities", List(Capabilities), List(declared.Capabilities)), .. Differs("bounding set", List(Bounding), List(declared.Bounding)),
            .. Differs("system-call filter", OnOff(Filtered), OnOff(declared.Filtered)), .. Differs("no_new_privs", OnOff(NoNewPrivileges), OnOff(declared.NoNewPrivileges)),
            .. Shared is { } have && declared.Shared is { } want ? Differs("namespaces shared with the host", List(have), List(want)) : [],
        ];
        return differences is [] ? null : string.Join("; ", differences);
    }

    public override string ToString() =>
        $"uid {Uid}, gid {Gid}; capabilities {List(Capabilities)}; system-call filter {OnOff(Filtered)}; no_new_privs {OnOff(NoNewPrivileges)}; "
        + $"shares with the host {(Shared is { } shared ? List(shared) : "what only root can see")}";

    public bool Equals(KernelView? other) => other is not null && DifferenceFrom(other) is null && Shared.HasValue == other.Shared.HasValue;

    public override int GetHashCode() => HashCode.Combine(Uid, Gid, Capabilities.Length, Filtered);

    private static string[] Differs<T>(string what, T have, T want) => Equals(have, want) ? [] : [$"{what}: {have}, declared {want}"];

    private static string OnOff(bool on) => on ? "on" : "off";

    private static string List(ImmutableArray<string> words) =>
        words.IsEmpty ? "none" : words.SequenceEqual(CapabilityNames.All) ? "all" : string.Join(' ', words);

    // Real, effective, saved and file system's.
    private static int Effective(string ids) => int.Parse(ids.Split('\t')[1], CultureInfo.InvariantCulture);

    private static ImmutableArray<string> Names(string mask)
    {
        var bits = ulong.Parse(mask, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        return [.. CapabilityNames.All.Where((_, number) => (bits >> number & 1) == 1)];
    }
}
