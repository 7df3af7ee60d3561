using System.Collections.Immutable;

namespace Fleet.Privileges;

/// <summary>The capabilities of Linux, without CAP_, in the order of their numbers (capabilities(7), linux/capability.h).</summary>
public static class CapabilityNames
{
    public static readonly ImmutableArray<string> All =
    [
        "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP", "LINUX_IMMUTABLE",
        "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER", "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT",
        "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE", "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE",
        "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP", "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ",
        "PERFMON", "BPF", "CHECKPOINT_RESTORE",
    ];

    /// <summary>What BPM's <c>privileged: true</c> gives: numbers 0 to 37 (BPM specbuilder, WithPrivileged).</summary>
    public static ImmutableArray<string> BpmPrivileged => All[..38];

    /// <summary>The name as Linux has it, given with or without CAP_ in either case; null if there is no such capability.</summary>
    public static string? Find(string name)
    {
        var bare = name.StartsWith("CAP_", StringComparison.OrdinalIgnoreCase) ? name[4..] : name;
        return All.FirstOrDefault(c => c.Equals(bare, StringComparison.OrdinalIgnoreCase));
    }
}
