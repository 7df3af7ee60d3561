using System.Collections.Immutable;
using Fleet.Client.Linux;
using Fleet.Hosts;

namespace Fleet.Host.Hosts;

/// <summary>The first promise, no grant, no root: what on this host would let the agent's user, or anybody but the people of the policy, have root.</summary>
internal static class RootChecks
{
    private const uint Private = 0x1C0 /* 0700 */, Executable = 0x40 /* 0100 */;

    public static ImmutableArray<DoctorLine> All(AgentIdentity agent, HostPaths paths, RootPlaces places) =>
    [
        .. RootPolicyChecks.All(agent, places),
        Helper(places),
        State(places),
        Socket(agent, places),
        DaemonSockets.Check(agent, places),
        .. SetUidPrograms.Check(agent, paths, places),
        Sudoers.Check(agent, places),
        Doas.Check(agent, places),
    ];

    // It is root's from the moment in which root starts it, so what it says of itself is not asked for here.
    private static DoctorLine Helper(RootPlaces places)
    {
        const string Name = "root helper";
        switch (RootsPath.Open(places.Helper))
        {
            case RootsPath.Absent:
                return DoctorLine.Warn(Name, $"there is no {places.Helper}: nothing can run as root by grants", "install Fleet whole: the root helper is beside the program");
            case RootsPath.Found found:
                found.Handle.Dispose();
                return RootsPath.Mistake(places.Helper, found.Stat) is { } mistake ? DoctorLine.Warn(Name, mistake.Detail, mistake.Remedy)
                    : found.Stat.IsRegular && (found.Stat.Permissions & Executable) != 0 ? DoctorLine.Ok(Name, places.Helper)
                    : DoctorLine.Warn(Name, $"{places.Helper} is no program that root can run", $"chmod 755 {places.Helper}");
            case RootsPath.Wrong wrong:
                return DoctorLine.Warn(Name, wrong.Detail, "install Fleet in a folder of root's, such as /usr/local/lib/fleet");
            case var other:
                return other.Line(Name);
        }
    }

    private static DoctorLine State(RootPlaces places)
    {
        const string Name = "root helper's folder";
        switch (RootsPath.Open(places.State))
        {
            case RootsPath.Absent:
                return DoctorLine.Ok(Name, "there is none yet");
            case RootsPath.Found found:
                found.Handle.Dispose();
                return RootsPath.Mistake(places.State, found.Stat)?.Line(Name)
                    ?? (found.Stat.IsFolder && found.Stat.Permissions == Private
                        ? DoctorLine.Ok(Name, $"{places.State}, root's alone")
                        : DoctorLine.Fail(Name, $"{places.State} is not a folder with mode 0700", $"chmod 0700 {places.State}"));
            case var other:
                return other.Line(Name);
        }
    }

    // The helper asks the kernel who is at the other end; that others do not even get there is the second lock.
    private static DoctorLine Socket(AgentIdentity agent, RootPlaces places)
    {
        const string Name = "root helper's socket";
        switch (RootsPath.Open(places.Socket))
        {
            case RootsPath.Absent when RootsPath.Open(places.Policy) is RootsPath.Found policy:
                policy.Handle.Dispose();
                return DoctorLine.Warn(Name, $"there is a policy, but no {places.Socket}: nobody can have granted root here", Remedy(places));
            case RootsPath.Absent:
                return DoctorLine.Ok(Name, "there is none: nobody can ask for root here");
            case RootsPath.Found found:
                found.Handle.Dispose();
                return Mistake(places.Socket, found.Stat, agent)?.Line(Name) ?? DoctorLine.Ok(Name, $"open to root and to {Accounts.GroupName(found.Stat.Group)} alone");
            case var other:
                return other.Line(Name);
        }
    }

    private static string Remedy(RootPlaces places) => File.Exists(places.SocketUnit)
        ? "systemctl daemon-reload; systemctl enable --now fleet-root.socket"
        : "let systemd serve it (docs/install.md), or start the agent by sudo fleet up";

    private static RootsPath.Wrong? Mistake(string path, Statx stat, AgentIdentity agent) =>
        !stat.IsSocket ? new($"{path} is not a socket", "see what it is; then remove it, and start the root helper's socket again")
        : stat.User != 0 ? new($"{path} belongs to {Accounts.NameOf(stat.User)}, not to root", $"remove {path}, and start the root helper's socket again")
        : (stat.Permissions & 7) != 0 ? new($"{path} is open to everybody (mode {FolderRequirement.Octal(stat.Permissions)})", $"chmod o= {path}; SocketMode=0660 in its unit")
        : stat.Group != 0 && stat.Group != agent.Gid
            ? new($"{path} is open to the group {Accounts.GroupName(stat.Group)}", $"chgrp {agent.Name} {path}; SocketGroup={agent.Name} in its unit")
        : null;
}
