using System.Collections.Immutable;
using Fleet.Client.Linux;
using Fleet.Host.Linux;

namespace Fleet.Host.Hosts;

/// <summary>A controller that the kernel does not offer: nothing here can change that.</summary>
internal sealed class MissingControllerRequirement(string controller) : Requirement($"cgroup {controller}")
{
    public override Finding Check() => new Finding.Missing(
        $"no cgroup hierarchy has the controller {controller}", $"boot with cgroup_enable={controller}, or mount it");

    public override Task<string> Establish() =>
        throw new HostInitException($"no cgroup hierarchy has the controller {controller}", $"boot with cgroup_enable={controller}, or mount it");
}

/// <summary>
/// The agent's group below one v1 hierarchy. The agent may make groups in it and move processes there; the limits of the group itself stay root's.
/// </summary>
internal sealed class CgroupV1Requirement(HostInitOptions options, ImmutableArray<string> controllers, string mount)
    : Requirement($"cgroup {string.Join(',', controllers)}")
{
    private string Group => $"{mount}/{options.CgroupName}";

    private IEnumerable<string> Given => [Group, $"{Group}/cgroup.procs", $"{Group}/tasks"];

    public override Finding Check() => CgroupOwners.Problem(options, Given) is { } problem
        ? new Finding.Missing(problem, options.Command)
        : IsCpusetEmpty ? new Finding.Missing($"{Group}/cpuset.cpus is empty", options.Command) : new Finding.Ok($"{Group} (v1)");

    public override Task<string> Establish()
    {
        CgroupOwners.Guard(Group, () =>
        {
            Directory.CreateDirectory(Group);
            if (IsCpusetEmpty)
            {
                // A cpuset group takes no process before it has both; its children shall begin with the same.
                File.WriteAllText($"{Group}/cpuset.cpus", File.ReadAllText($"{mount}/cpuset.cpus"));
                File.WriteAllText($"{Group}/cpuset.mems", File.ReadAllText($"{mount}/cpuset.mems"));
                File.WriteAllText($"{Group}/cgroup.clone_children", "1");
            }

            CgroupOwners.Give(options, Given);
        });
        return Task.FromResult($"delegated {Group} to {options.User}");
    }

    private bool IsCpusetEmpty => controllers.Contains("cpuset") && File.Exists($"{Group}/cpuset.cpus")
        && File.ReadAllText($"{Group}/cpuset.cpus").Trim().Length == 0;
}

/// <summary>
/// The agent's subtree of the unified hierarchy (cgroup-v2.rst, "Delegation"). A process may be moved only inside the subtree, so the agent
/// itself lives in a leaf of it, which <see cref="AgentLeaf"/> names; or, where systemd places it, in the user's own slice, above the subtree.
/// </summary>
internal sealed class CgroupV2Requirement(HostInitOptions options, ImmutableArray<string> controllers, string mount) : Requirement("cgroup v2")
{
    private string Group => $"{mount}/{options.CgroupName}";

    public static string AgentLeaf(string mount, string name) => $"{mount}/{name}/agent";

    /// <summary>Moves this process, still root, to where the agent may move processes from. Nothing to do on v1, where a user may always move its own.</summary>
    public static void JoinAgentLeaf(HostInitOptions options)
    {
        if (CgroupLayout.Read() is { V2: { } mount } layout && layout.Requirements(options).OfType<CgroupV2Requirement>().Any())
        {
            File.WriteAllText($"{AgentLeaf(mount, options.CgroupName)}/cgroup.procs", "0");
        }
    }

    private IEnumerable<string> Given => new[] { Group, AgentLeaf(mount, options.CgroupName) }
        .SelectMany(group => new[] { group, $"{group}/cgroup.procs", $"{group}/cgroup.threads", $"{group}/cgroup.subtree_control" })
        .Concat(IsInOwnSlice ? [$"{Parent}/cgroup.procs"] : []);

    private string Parent => Path.GetDirectoryName(Group)!;

    // The right to move processes in all of a slice: of no other than the one that is named after the user, for others hold other people's services.
    private bool IsInOwnSlice => Parent == $"{mount}/{options.User}.slice";

    public override Finding Check() => CgroupOwners.Problem(options, Given) is { } problem
        ? new Finding.Missing(problem, options.Command)
        : controllers.FirstOrDefault(name => !Enabled(Group).Contains(name)) is { } missing
            ? new Finding.Missing($"{Group} does not pass on the controller {missing}", options.Command)
            : new Finding.Ok($"{Group} (v2: {string.Join(", ", controllers)})");

    public override Task<string> Establish()
    {
        CgroupOwners.Guard(Group, () =>
        {
            var all = string.Join(' ', controllers.Select(name => $"+{name}"));
            Directory.CreateDirectory(AgentLeaf(mount, options.CgroupName));
            foreach (var group in FromTheTop(Group))
            {
                File.WriteAllText($"{group}/cgroup.subtree_control", all);
            }

            CgroupOwners.Give(options, Given);
        });
        return Task.FromResult($"delegated {Group} to {options.User}, with {string.Join(", ", controllers)}");
    }

    private IEnumerable<string> FromTheTop(string group) => group == mount ? [mount] : [.. FromTheTop(Path.GetDirectoryName(group)!), group];

    private static string[] Enabled(string group) =>
        File.Exists($"{group}/cgroup.subtree_control") ? File.ReadAllText($"{group}/cgroup.subtree_control").Split([' ', '\n']) : [];
}

/// <summary>Who may fill a group, for both versions.</summary>
internal static class CgroupOwners
{
    public static string? Problem(HostInitOptions options, IEnumerable<string> given)
    {
        var uid = Accounts.User(options.User)?.Uid;
        return given
            .Select(path => !Files.Stat(path, out var stat) ? $"{path} is missing"
                : stat.User != uid ? $"{path} belongs to {Accounts.NameOf(stat.User)}, not to {options.User}" : null)
            .FirstOrDefault(problem => problem is not null);
    }

    public static void Give(HostInitOptions options, IEnumerable<string> given)
    {
        var user = Accounts.User(options.User) ?? throw new HostInitException($"there is no user {options.User} to delegate to", options.Command);
        foreach (var path in given)
        {
            using var handle = Libc.Open(path, Libc.ReadOnly | Files.NoFollow);
            if (Files.Stat(path, out var stat) && stat.User != 0 && stat.User != user.Uid)
            {
                throw new HostInitException($"{path} is already {Accounts.NameOf(stat.User)}'s, and its jobs run there", "choose another with --cgroup");
            }

            if (handle.IsInvalid || Files.ChangeOwner(handle, user.Uid, user.Gid) != 0)
            {
                throw new HostInitException($"could not give {path} to {options.User}", "see whether cgroups are mounted read-only");
            }
        }
    }

    public static void Guard(string group, Action act)
    {
        try
        {
            act();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HostInitException($"could not delegate {group}: {e.Message}", "see whether cgroups are mounted read-only, and that nothing runs in the group");
        }
    }
}
