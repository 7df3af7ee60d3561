using Fleet.Client.Linux;
using Fleet.Host.Linux;

namespace Fleet.Host.Hosts;

/// <summary>Daemons of root's that do as they are asked: to write to the socket of one is to be root, whatever group or mode allows it (moby#9976).</summary>
internal static class DaemonSockets
{
    private const string Name = "daemons' sockets";

    public static DoctorLine Check(AgentIdentity agent, RootPlaces places)
    {
        var open = places.Daemons.Concat(places.VirtualMachines).Where(path => IsOpen(agent, path, out _)).ToList();
        var polkits = open.Where(path => places.VirtualMachines.Contains(path) && IsOpen(agent, path, out var stat) && (stat.Permissions & AgentIdentity.Write) != 0).ToList();
        var closed = places.Daemons.Concat(places.VirtualMachines).Where(path => IsClosed(agent, path)).ToList();
        return open.Except(polkits).ToList() switch
        {
            [var first, ..] roots => DoctorLine.Fail(Name, $"{agent.Name} can write to {string.Join(" and ", roots)}, which is as good as root", Remedy(agent, first)),
            _ when polkits.Count > 0 => DoctorLine.Warn(Name, $"all can write to {polkits[0]}: polkit alone decides, and its rules are not looked at",
                $"chmod o-w {polkits[0]}, unless its users need it"),
            _ when closed.Count > 0 => DoctorLine.Warn(Name, $"{closed[0]} cannot be looked at, so it could not be told", "sudo fleet doctor"),
            _ => DoctorLine.Ok(Name, $"{agent.Name} can write to none of docker's, podman's, containerd's, libvirt's or the like"),
        };
    }

    private static bool IsOpen(AgentIdentity agent, string path, out Statx stat) =>
        Files.Stat(path, out stat) && stat.IsSocket && agent.Can(stat, AgentIdentity.Write) && agent.Reaches(path);

    // To whom asks; where that is the agent's user, it is the answer.
    private static bool IsClosed(AgentIdentity agent, string path) =>
        Credentials.EffectiveUser() != agent.Uid && Files.Lstat(path, out var errno) is null && errno == Errno.EACCES;

    private static string Remedy(AgentIdentity agent, string path)
    {
        Files.Stat(path, out var stat);
        return stat.User == agent.Uid ? $"chown root {path}"
            : agent.IsIn(stat.Group) ? $"gpasswd --delete {agent.Name} {Accounts.GroupName(stat.Group)}"
            : $"chmod o-w {path}";
    }
}
