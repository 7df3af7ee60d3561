using System.Diagnostics;
using Fleet.Privileges;

namespace Fleet.Client.Cli;

/// <summary>What a privilege lets a process do, in a phrase, for whoever decides whether it may.</summary>
internal static class PrivilegeMeaning
{
    public static string Of(Privilege privilege) => privilege switch
    {
        Privilege.RunAsRoot => "is user or group 0 of the host itself",
        Privilege.Capability c => $"has the kernel's CAP_{c.Name}: see capabilities(7)",
        Privilege.NoSeccomp => "may make every system call",
        Privilege.NewPrivileges => "may gain privileges by what it executes, such as set-uid programs",
        Privilege.SuidMounts => "sees set-uid programs and devices in what is mounted",
        Privilege.UnmaskedPaths => "may read and write what of the kernel is hidden otherwise, in /proc and /sys",
        Privilege.HostPidNamespace => "sees the host's processes and may signal them",
        Privilege.RootPreStart => "has a pre_start hook that runs on the host as root",
        Privilege.HostNetwork => "uses the host's network, as the host itself",
        Privilege.Unconfined => "has no sandbox: whatever its user may do on the host, it may",
        Privilege.Device d => $"may {(d.Writable ? "read and write" : "read")} the device",
        Privilege.UnrestrictedVolume v => $"may {(v.Writable ? "read and write" : "read")}{(v.AllowExecutions ? ", and execute," : "")} what is in this path of the host",
        _ => throw new UnreachableException($"no meaning for {privilege.GetType()}"),
    };
}
