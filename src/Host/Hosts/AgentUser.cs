using System.Collections.Immutable;
using Fleet.Host.Linux;

namespace Fleet.Host.Hosts;

/// <summary>Who the agent is: an ordinary user, in no group through which it could become root.</summary>
public static class AgentUser
{
    /// <summary>
    /// Membership in one of these is as good as root. Not here: adm and systemd-journal, which read logs; video, input, kvm, dialout, which have devices
    /// that give nobody root; lpadmin, netdev, polkitd and the like, whose daemons decide for themselves.
    /// </summary>
    public static readonly ImmutableHashSet<string> RootEquivalentGroups =
    [
        "root", // What root's group may write, root executes and reads.
        "docker", "podman", "containerd", "lxc", "lxd", "incus", "incus-admin", "microk8s", "snap_microk8s", // A container with the host's / inside, by the daemon's socket.
        "libvirt", "libvirtd", // A machine with the host's disks, by the daemon's socket.
        "disk", "kmem", // The raw disks, the kernel's memory.
        "shadow", // The password hashes, root's too.
        "staff", // Debian: /usr/local, from which root executes.
        "sudo", "wheel", "admin", "google-sudoers", // sudoers of common distributions.
    ];

    /// <summary>By number, as the kernel knows groups: another name for docker's is docker.</summary>
    internal static bool IsRootEquivalent(uint gid) =>
        gid == 0 || Accounts.Groups().Any(group => group.Gid == gid && RootEquivalentGroups.Contains(group.Name));

    /// <exception cref="AgentRefusedException">This process is root.</exception>
    public static void RefuseRoot()
    {
        if (Credentials.EffectiveUser() == 0)
        {
            throw new AgentRefusedException("the agent is an ordinary user, and this is root; 'fleet up' as root starts it as the user fleet, systemd does by User=fleet");
        }
    }

    /// <summary>This process's user, as /etc/passwd calls it.</summary>
    internal static string CurrentName => Accounts.NameOf(Credentials.EffectiveUser());
}
