using System.Collections.Immutable;
using Fleet.Privileges;
using Fleet.Processes;
using Fleet.RootTasks;

namespace Fleet.Sandboxes;

/// <summary>
/// A job's process that has more than the baseline, as an OCI configuration: BPM's sandbox with what its set names opened, and nothing else. It has no user
/// namespace, for a privilege in one is none on the host, and a cgroup namespace, so that a runtime inside finds its own cgroup as the root and does not leave it. (Who is
/// root with SYS_ADMIN can leave all of it: that is the whole host.)
/// </summary>
public static class PrivilegedSpec
{
    /// <param name="user">As the host counts.</param>
    /// <param name="rootfs">Where the helper has put together what the process sees, but for the kernel's own file systems.</param>
    /// <param name="shared">Mounts of volumes in which the host sees what is mounted.</param>
    public static OciConfig Build(
        SandboxRequest request, HostFacts facts, ImmutableArray<string> env, OciUser user, ImmutableArray<DeviceNode> devices, string rootfs, IReadOnlyCollection<OciMount> shared)
    {
        var privileges = PrivilegeSet.Of(request.Process.Job, request.Spec);
        ImmutableArray<string> capabilities = [.. privileges.Members.OfType<Privilege.Capability>().Select(c => $"CAP_{c.Name}")];
        var (filtered, masked) = (!Has<Privilege.NoSeccomp>(privileges), !Has<Privilege.UnmaskedPaths>(privileges));
        return new OciConfig(
            "1.0.2",
            new OciRoot(rootfs, Readonly: false),
            OciSpec.Process(request, facts, env, user) with
            {
                NoNewPrivileges = !Has<Privilege.NewPrivileges>(privileges),
                Capabilities = new OciCapabilities(capabilities, capabilities, capabilities, capabilities, capabilities),
            },
            [.. OciMounts.OwnOf(privileges), .. shared],
            new OciLinux(
                [new("ipc"), new("mount"), new("uts"), new("cgroup"), .. Has<Privilege.HostPidNamespace>(privileges) ? [] : (OciNamespace[])[new("pid")]],
                [], [],
                shared.Count > 0 ? "shared" : "private",
                masked ? OciSpec.Masked : [],
                masked ? OciSpec.ReadOnly : [],
                filtered && facts.Seccomp is SeccompChoice.Listed listed ? SeccompProfile.ForRuntime(listed.Architecture) : null,
                devices.IsEmpty ? null : [.. devices.Select(d => d.For(user))]),
            filtered ? OciSpec.Annotations(facts.Seccomp) : OciSpec.NoAnnotations);
    }

    /// <summary>Who it runs as, as the host counts: root where that is granted, and else who a job of the baseline in this slice would be.</summary>
    /// <param name="inside">In the slice.</param>
    public static OciUser User(PrivilegeSet privileges, UserIds inside, long firstUid, long firstGid, int slice)
    {
        var (uid, gid) = ((int)IdSlices.OnHost(firstUid, slice), (int)IdSlices.OnHost(firstGid, slice));
        return Has<Privilege.RunAsRoot>(privileges) ? new OciUser(0, 0, []) : new OciUser(uid + inside.Uid, gid + inside.Gid, [gid + IdSlices.JobGroup]);
    }

    private static bool Has<T>(PrivilegeSet privileges)
        where T : Privilege => privileges.Members.Any(p => p is T);
}
