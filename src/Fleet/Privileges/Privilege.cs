using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace Fleet.Privileges;

/// <summary>
/// One typed right beyond the baseline. Written as in a job file: <c>run_as_root</c>, <c>capability:NET_ADMIN</c>, <c>unrestricted_volume:/var/log:rw,exec</c>.
/// Never a boolean "privileged": <c>unsafe.privileged</c> stands for a set of these (<see cref="PrivilegeSet.Of"/>).
/// </summary>
[JsonConverter(typeof(PrivilegeConverter))]
public abstract record Privilege
{
    private Privilege()
    {
    }

    /// <summary>User and group 0 of the host, not of a user namespace.</summary>
    public sealed record RunAsRoot : Privilege;

    /// <param name="Name">Without CAP_, upper case, one of <see cref="CapabilityNames"/>.</param>
    public sealed record Capability(string Name) : Privilege;

    /// <summary>No system-call filter.</summary>
    public sealed record NoSeccomp : Privilege;

    /// <summary>execve may gain privileges (no_new_privs off).</summary>
    public sealed record NewPrivileges : Privilege;

    /// <summary>Mounts without nosuid.</summary>
    public sealed record SuidMounts : Privilege;

    /// <summary>Kernel paths that the baseline masks or makes read-only are open.</summary>
    public sealed record UnmaskedPaths : Privilege;

    /// <summary>The host's process ids are seen and can be signalled.</summary>
    public sealed record HostPidNamespace : Privilege;

    /// <summary>A path of the host outside the job's own folders.</summary>
    public sealed record UnrestrictedVolume(string Path, bool Writable, bool AllowExecutions) : Privilege;

    /// <summary>The pre_start hook runs on the host as root, as BPM runs it.</summary>
    public sealed record RootPreStart : Privilege;

    /// <param name="Path">Of a device node on the host, below /dev.</param>
    /// <param name="Writable">Opened for reading alone where it is not.</param>
    public sealed record Device(string Path, bool Writable) : Privilege;

    /// <summary>The host's network: a root task has none otherwise, a job has it always.</summary>
    public sealed record HostNetwork : Privilege;

    /// <summary>No sandbox at all: the host itself, as its user has it. Of a root task alone; it is all that there is.</summary>
    public sealed record Unconfined : Privilege;

    public sealed override string ToString() => PrivilegeText.Format(this);
}
