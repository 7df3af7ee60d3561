using System.Collections.Immutable;
using Fleet.Host.Linux;

namespace Fleet.Host.Hosts;

/// <summary>Who the agent is: an ordinary user, in no group through which it could become root.</summary>
public static class AgentUser
{
    /// <summary>Membership in one of these is as good as root: by its daemon's socket, raw disks, password hashes, or sudoers of common distributions.</summary>
    public static readonly ImmutableHashSet<string> RootEquivalentGroups =
        ["root", "docker", "disk", "lxd", "incus", "incus-admin", "libvirt", "sudo", "wheel", "admin", "shadow", "staff", "kmem"];

    /// <exception cref="AgentRefusedException">This process is root.</exception>
    public static void RefuseRoot()
    {
        if (Libc.Files.EffectiveUser() == 0)
        {
            throw new AgentRefusedException("the agent is an ordinary user, and this is root; 'fleet up' as root starts it as the user fleet, systemd does by User=fleet");
        }
    }

    /// <summary>This process's user, as /etc/passwd calls it.</summary>
    internal static string CurrentName => Accounts.NameOf(Libc.Files.EffectiveUser());
}
