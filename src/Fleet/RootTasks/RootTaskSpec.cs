using System.Collections.Immutable;
using Fleet.Grants;
using Fleet.Privileges;
using Fleet.Sandboxes;

namespace Fleet.RootTasks;

/// <summary>A device node as the host has it.</summary>
/// <param name="Kind">c or b.</param>
public sealed record DeviceNode(string Path, bool Writable, string Kind, uint Major, uint Minor)
{
    /// <summary>The node belongs to who runs, so that its mode says what is granted also to one who is not root.</summary>
    public OciDevice For(OciUser user) => new(Path, Kind, Major, Minor, Writable ? 0x180u /* 0600 */ : 0x100u /* 0400 */, user.Uid, user.Gid);
}

/// <summary>
/// The OCI configuration of a root task, from what was signed and from nothing else: the host's own file system, in which the helper has made everything
/// read-only but what is granted, and exactly the capabilities, devices and namespaces that are.
/// </summary>
public static class RootTaskSpec
{
    /// <summary>Process 1 of a task's own pids: in its place the program would ignore every signal that it has no handler for (pid_namespaces(7)).</summary>
    public const string Init = "/usr/bin/tini";

    private static readonly ImmutableArray<string> First = [Init, "--"];

    /// <param name="rootfs">Where the helper has put the host's file system together.</param>
    /// <param name="program">What is run in place of the first argument; null: that.</param>
    public static OciConfig Build(RootTask task, PrivilegeSet privileges, ImmutableArray<DeviceNode> devices, SeccompChoice seccomp, string rootfs, string? program)
    {
        var capabilities = privileges.Members.OfType<Privilege.Capability>().Select(c => $"CAP_{c.Name}").ToImmutableArray();
        var filtered = !Has<Privilege.NoSeccomp>(privileges);
        return new OciConfig(
            "1.0.2",
            new OciRoot(rootfs, Readonly: true),
            new OciProcess(
                [.. Has<Privilege.HostPidNamespace>(privileges) ? [] : First, program ?? task.Argv[0], .. task.Argv[1..]],
                [.. task.Env.Select(variable => $"{variable.Key}={variable.Value}")],
                task.Workdir,
                new OciUser(task.Uid, task.Gid, task.Groups),
                NoNewPrivileges: !Has<Privilege.NewPrivileges>(privileges),
                new OciCapabilities(capabilities, capabilities, capabilities, capabilities, capabilities),
                []),
            OciMounts.Own,
            new OciLinux(
                [.. Namespaces(privileges)], [], [], "private",
                Has<Privilege.UnmaskedPaths>(privileges) ? [] : OciSpec.Masked,
                Has<Privilege.UnmaskedPaths>(privileges) ? [] : OciSpec.ReadOnly,
                filtered && seccomp is SeccompChoice.Listed listed ? SeccompProfile.ForRuntime(listed.Architecture) : null,
                devices.IsEmpty ? null : [.. devices.Select(d => d.For(new OciUser(task.Uid, task.Gid, task.Groups)))]),
            filtered ? OciSpec.Annotations(seccomp) : OciSpec.NoAnnotations);
    }

    // Of the task's own but the network and the pids where the host's are granted. It has no user namespace: its root is the host's.
    private static IEnumerable<OciNamespace> Namespaces(PrivilegeSet privileges) =>
    [
        new("mount"), new("ipc"), new("uts"),
        .. Has<Privilege.HostPidNamespace>(privileges) ? [] : (OciNamespace[])[new("pid")],
        .. Has<Privilege.HostNetwork>(privileges) ? [] : (OciNamespace[])[new("network")],
    ];

    private static bool Has<T>(PrivilegeSet privileges)
        where T : Privilege => privileges.Members.Any(p => p is T);
}
