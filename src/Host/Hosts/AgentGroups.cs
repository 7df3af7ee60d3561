using System.Globalization;
using Fleet.Host.Linux;
using Fleet.Hosts;

namespace Fleet.Host.Hosts;

/// <summary>A group through which the agent could become root makes every grant a mere convention.</summary>
internal static class AgentGroups
{
    /// <summary>What the next start of the agent will have.</summary>
    public static DoctorLine Listed(string user)
    {
        if (Accounts.User(user) is not { } account)
        {
            return DoctorLine.Warn("agent's groups", $"there is no user {user} yet", null);
        }

        var asGoodAsRoot = Accounts.GroupsOf(account).Where(group => AgentUser.IsRootEquivalent(group.Gid)).ToList();
        return asGoodAsRoot.Count == 0
            ? DoctorLine.Ok("agent's groups", $"{user} is in no group that is as good as root")
            : DoctorLine.Fail("agent's groups", $"{user} is in {string.Join(" and ", asGoodAsRoot.Select(group => group.Name))}, which is as good as root",
                string.Join("; ", asGoodAsRoot.Select(group => Remedy(account, group))));
    }

    /// <summary>What the running agent has: its unit can add groups (SupplementaryGroups=), and a group that was taken from its user stays until it ends.</summary>
    public static DoctorLine[] Held(HostPaths paths) => AgentProcess.Find(paths) is { } pid ? [Held(pid)] : [];

    public static DoctorLine Held(int pid)
    {
        const string Name = "running agent's groups";
        var asGoodAsRoot = Gids(pid).Where(AgentUser.IsRootEquivalent).Distinct().Select(Accounts.GroupName).ToList();
        return asGoodAsRoot.Count == 0
            ? DoctorLine.Ok(Name, $"pid {pid} holds none that is as good as root")
            : DoctorLine.Fail(Name, $"pid {pid} holds {string.Join(" and ", asGoodAsRoot)}, which is as good as root",
                "take it out of SupplementaryGroups= of the agent's unit, then restart the agent");
    }

    // All four of Gid (real, effective, saved, file system), then Groups (proc_pid_status(5)).
    private static IEnumerable<uint> Gids(int pid) => Proc.Read($"/proc/{pid}/status") is { } status
        ? $"{Proc.Status(status, "Gid")} {Proc.Status(status, "Groups")}".Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries)
            .Select(gid => uint.Parse(gid, CultureInfo.InvariantCulture))
        : [];

    private static string Remedy(Account user, Group group) =>
        group.Gid == user.Gid ? $"usermod --gid {user.Name} {user.Name}" : $"gpasswd --delete {user.Name} {group.Name}";
}
