using System.Collections.Immutable;

namespace Fleet.Sandboxes;

/// <param name="Errno">Answered instead of doing it; null: allowed.</param>
/// <param name="Args">All must hold; empty: always.</param>
public sealed record SeccompRule(string Syscall, int? Errno, ImmutableArray<SeccompArg> Args);

/// <summary>Holds if <c>argument[Index] &amp; Mask == Value</c>.</summary>
public sealed record SeccompArg(int Index, ulong Mask, ulong Value);

/// <summary>
/// Which system calls a sandbox may make; all others answer EPERM. It is the list that BPM took from Guardian and that from Docker, with what today's
/// runtimes call (rseq, membarrier, close_range, faccessat2, pidfd_*...). Not in it: whatever mounts, traces, loads code into the kernel, or enters
/// other namespaces.
/// </summary>
public static class SeccompProfile
{
    /// <summary>The digest of <see cref="Text"/>, for who lives too short to make that; a test compares them.</summary>
    public const string TextDigest = "sha256:e36b5486389c2f6be632976253ba56693a0488f4490b4537239d9e448d7b6d94";

    public const int Eperm = 1;
    public const int Enosys = 38;

    /// <summary>The flags of clone(2) that make namespaces (mount, uts, ipc, user, pid, net, cgroup).</summary>
    private const ulong NamespaceFlags = 0x7E020000;

    private static readonly ImmutableArray<string> Allowed = [.. SeccompNames.Docker.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries), .. SeccompNames.Modern.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)];

    /// <summary>In the order of their names; no name has two rules without arguments.</summary>
    public static readonly ImmutableArray<SeccompRule> Rules =
    [
        .. Allowed.Order(StringComparer.Ordinal).Select(name => new SeccompRule(name, null, [])),
        new("clone", null, [new SeccompArg(0, NamespaceFlags, 0)]),

        // Its flags lie in memory, where a filter cannot look; with ENOSYS the C library falls back to clone.
        new("clone3", Enosys, []),
        .. Personalities.Select(p => new SeccompRule("personality", null, [new SeccompArg(0, ulong.MaxValue, p)])),
    ];

    // PER_LINUX, PER_LINUX32, and asking what it is.
    private static ulong[] Personalities => [0x0, 0x8, 0xffffffff];

    /// <summary>The whole profile as text: what a compiled filter's name is derived from.</summary>
    public static string Text { get; } =
        string.Join('\n', Rules.Select(r => $"{r.Syscall} {r.Errno} {string.Join(',', r.Args.Select(a => $"{a.Index}&{a.Mask:x}={a.Value:x}"))}"));

    public static OciSeccomp ForRuntime(string architecture) =>
        new("SCMP_ACT_ERRNO", [architecture], [.. Rules.Select(ForRuntime)]);

    private static OciSyscall ForRuntime(SeccompRule rule) => new(
        [rule.Syscall],
        rule.Errno is null ? "SCMP_ACT_ALLOW" : "SCMP_ACT_ERRNO",
        (uint?)rule.Errno,
        [.. rule.Args.Select(a => new OciSyscallArg((uint)a.Index, a.Mask, a.Value, "SCMP_CMP_MASKED_EQ"))]);
}
