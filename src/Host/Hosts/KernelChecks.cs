using Fleet.Host.Linux;

namespace Fleet.Host.Hosts;

/// <summary>What the kernel offers.</summary>
internal static class KernelChecks
{
    // openat2 and pidfd_getfd came with 5.6, and nothing older is tested.
    private static readonly Version Oldest = new(5, 6);

    public static DoctorLine Version(string release)
    {
        var numbers = new string([.. release.TakeWhile(c => char.IsAsciiDigit(c) || c == '.')]).TrimEnd('.');
        return System.Version.TryParse(numbers, out var version) && version >= Oldest
            ? DoctorLine.Ok("kernel", release)
            : DoctorLine.Fail("kernel", $"{release} is older than {Oldest}, the first with openat2", "upgrade the kernel");
    }

    public static DoctorLine Seccomp() => File.Exists("/proc/sys/kernel/seccomp/actions_avail")
        ? DoctorLine.Ok("seccomp", "filters available")
        : DoctorLine.Fail("seccomp", "the kernel has no system-call filters", "use a kernel with CONFIG_SECCOMP_FILTER");

    /// <summary>Tries what a sandbox's start does: a user namespace with the whole range of sub-ids, as the agent's user.</summary>
    public static async Task<DoctorLine> UserNamespaces(HostInitOptions options)
    {
        if (Forbidden() is { } forbidden)
        {
            return forbidden;
        }

        string[] attempt = ["unshare", "--map-auto", "--map-root-user", "--mount", "true"];
        var isRoot = Credentials.EffectiveUser() == 0;
        if (isRoot && Accounts.User(options.User) is null)
        {
            return DoctorLine.Fail("user namespaces", $"not tried, as there is no user {options.User}", options.Command);
        }

        string[] command = isRoot ? ["setpriv", "--reuid", options.User, "--regid", options.User, "--init-groups", "--inh-caps=-all", .. attempt] : attempt;
        var (worked, said) = await ProgramChecks.Try(command);
        return worked
            ? DoctorLine.Ok("user namespaces", $"{(isRoot ? options.User : AgentUser.CurrentName)} can make one with its sub-ids")
            : DoctorLine.Fail("user namespaces", $"'{string.Join(' ', attempt)}' failed: {said}",
                "see the lines on newuidmap and sub-ids; 'apt-get install uidmap util-linux'");
    }

    public static DoctorLine Cgroups(CgroupLayout layout) =>
        layout.V1.Count > 0 || layout.V2Controllers.Length > 0
            ? DoctorLine.Ok("cgroups", layout.Describe())
            : DoctorLine.Fail("cgroups", layout.Describe(), "mount the cgroup hierarchies");

    /// <summary>Without it a job at its memory limit goes on by swapping.</summary>
    public static DoctorLine SwapLimit(CgroupLayout layout)
    {
        var limited = layout.V1.TryGetValue("memory", out var mount)
            ? File.Exists($"{mount}/memory.memsw.limit_in_bytes")
            : Directory.Exists(layout.V2) && Directory.EnumerateFiles(layout.V2, "memory.swap.max", Below).Any();
        var hasSwap = File.ReadLines("/proc/swaps").Count() > 1;
        return (limited, hasSwap) switch
        {
            (true, _) => DoctorLine.Ok("swap limit", "memory and swap are limited together"),
            (_, false) => DoctorLine.Ok("swap limit", "not available, and the host has no swap"),
            _ => DoctorLine.Warn("swap limit", "a job at its memory limit can go on by swapping", "boot with swapaccount=1, or turn swap off"),
        };
    }

    private static EnumerationOptions Below => new() { RecurseSubdirectories = true, MaxRecursionDepth = 2 };

    private static DoctorLine? Forbidden()
    {
        const string Name = "user namespaces";
        return (Setting("user/max_user_namespaces"), Setting("kernel/unprivileged_userns_clone"), Setting("kernel/apparmor_restrict_unprivileged_userns")) switch
        {
            ("0", _, _) => DoctorLine.Fail(Name, "user.max_user_namespaces is 0", "sysctl -w user.max_user_namespaces=15000"),
            (_, "0", _) => DoctorLine.Fail(Name, "kernel.unprivileged_userns_clone is 0", "sysctl -w kernel.unprivileged_userns_clone=1"),
            (_, _, "1") => DoctorLine.Fail(Name, "AppArmor allows them to listed programs only", "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"),
            _ => null,
        };
    }

    private static string? Setting(string name) => File.Exists($"/proc/sys/{name}") ? File.ReadAllText($"/proc/sys/{name}").Trim() : null;
}
