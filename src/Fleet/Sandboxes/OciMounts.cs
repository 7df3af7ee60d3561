using System.Collections.Immutable;
using Fleet.Hosts;
using Fleet.Jobs;
using Fleet.Privileges;
using Fleet.Processes;

namespace Fleet.Sandboxes;

/// <summary>BPM's mounts (bpm-release, runc/adapter/mount.go), in an order that is the same each time.</summary>
public static class OciMounts
{
    /// <summary>The host's own, seen read-only in every sandbox where the host has them.</summary>
    public static readonly ImmutableArray<string> System = ["/bin", "/etc", "/lib", "/lib64", "/sbin", "/usr"];

    /// <summary>What /etc/resolv.conf may point into.</summary>
    public static readonly ImmutableArray<string> Resolver = ["/run/resolvconf", "/run/systemd/resolve"];

    /// <summary>The kernel's file systems that each sandbox has of its own.</summary>
    internal static ImmutableArray<OciMount> Own =>
    [
        new("/proc", "proc", "proc", []),
        new("/dev", "tmpfs", "tmpfs", ["nosuid", "noexec", "mode=755"]),
        new("/dev/pts", "devpts", "devpts", ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]),
        new("/dev/shm", "tmpfs", "shm", ["nosuid", "noexec", "nodev", "mode=1777"]),
        new("/dev/mqueue", "mqueue", "mqueue", ["nosuid", "noexec", "nodev"]),
    ];

    private static ImmutableArray<OciMount> Kernel =>
    [
        .. Own,

        // The host's own, because a sandbox shares the host's network and so may not mount a sysfs of its own. (Asked for one, crun does this itself,
        // and forgets the options.) BPM has none of /sys/fs/cgroup inside; OciSpec masks it.
        Bind("rbind", "/sys", "/sys", exec: false, writable: false),
    ];

    /// <summary>The same for what holds <see cref="Privilege.SuidMounts"/>: BPM takes nosuid away from every mount.</summary>
    internal static ImmutableArray<OciMount> OwnOf(PrivilegeSet privileges) => privileges.Members.Contains(new Privilege.SuidMounts())
        ? [.. Own.Select(m => m with { Options = m.Options.Remove("nosuid") })]
        : Own;

    public static ImmutableArray<OciMount> Of(SandboxRequest request, HostFacts facts) => [.. Kernel, .. Binds(request, facts)];

    /// <summary>
    /// The bind mounts: of two with one destination the first wins, as in BPM; then by depth, so that none covers one below it. Where BPM leaves
    /// ties to chance, the destination decides.
    /// </summary>
    /// <param name="unrestricted">Paths of the host beside the job's own; of one that is in the sandbox already, that one stays.</param>
    public static IEnumerable<OciMount> Binds(SandboxRequest request, HostFacts facts, params IEnumerable<Volume> unrestricted) =>
        Listed(request, facts)
            .Concat(Unrestricted(request.Process.Job, facts.Paths, unrestricted))
            .DistinctBy(m => m.Destination)
            .OrderBy(m => m.Destination.Count(c => c == '/'))
            .ThenBy(m => m.Destination, StringComparer.Ordinal);

    /// <summary>Where a path that a sandbox sees below BPM's root lies on the host.</summary>
    /// <param name="path">Of a volume; a ledger may hold one that names it by BPM's root on the host.</param>
    public static string OnHost(HostPaths paths, string path) => paths.Bosh + JobRules.InSandbox(path, paths.Bosh)[HostPaths.Inside.Length..];

    private static IEnumerable<OciMount> Listed(SandboxRequest request, HostFacts facts)
    {
        var system = System.Where(facts.Existing.Contains).Select(p => Bind("bind", p, p, exec: true, writable: false));
        var resolver = Resolver.Where(facts.Existing.Contains).Select(p => Bind("bind", p, p, exec: false, writable: false));
        var volumes = request.Spec.AdditionalVolumes.Select(v => Bind("rbind", JobRules.InSandbox(v.Path, facts.Paths.Bosh), OnHost(facts.Paths, v.Path), v.AllowExecutions, v.Writable));
        return [.. system, .. resolver, .. Bosh(request, facts.Paths), .. volumes];
    }

    // BPM leaves out what lies in a folder of the job's own: that has its options already.
    private static IEnumerable<OciMount> Unrestricted(JobId job, HostPaths host, IEnumerable<Volume> volumes)
    {
        var inside = host with { Bosh = HostPaths.Inside };
        string[] own = ["/tmp", "/var/tmp", inside.Tmp(job), inside.DataPackages, inside.Packages, inside.Job(job), inside.Logs(job), inside.Data(job), inside.Store(job)];
        return volumes
            .Where(v => !own.Any(path => v.Path == path || v.Path.StartsWith($"{path}/", StringComparison.Ordinal)))
            .Select(v => Bind("rbind", v.Path, v.Path, v.AllowExecutions, v.Writable));
    }

    private static IEnumerable<OciMount> Bosh(SandboxRequest request, HostPaths host)
    {
        var (job, inside) = (request.Process.Job, host with { Bosh = HostPaths.Inside });
        foreach (var tmp in (string[])["/tmp", "/var/tmp", inside.Tmp(job)])
        {
            yield return Writable(tmp, host.Tmp(job));
        }

        yield return ReadOnly(inside.DataPackages, host.DataPackages);
        yield return ReadOnly(inside.Packages, host.Packages);
        yield return ReadOnly(inside.Job(job), host.Job(job));
        yield return Writable(inside.Logs(job), host.Logs(job));
        if (request.Spec.EphemeralDisk)
        {
            yield return Writable(inside.Data(job), host.Data(job));
        }

        if (request.Spec.PersistentDisk)
        {
            yield return Writable(inside.Store(job), host.Store(job));
        }
    }

    private static OciMount ReadOnly(string destination, string source) => Bind("bind", destination, source, exec: true, writable: false);

    private static OciMount Writable(string destination, string source) => Bind("rbind", destination, source, exec: false, writable: true);

    // BPM's options, in BPM's order. Of a recursive mount crun 1.8 applies none in a user namespace; the recursive forms (mount_setattr(2)), which hold
    // for the mounts below as well, it does apply.
    private static OciMount Bind(string kind, string destination, string source, bool exec, bool writable)
    {
        ImmutableArray<string> options = [exec ? "exec" : "noexec", "nosuid", "nodev", writable ? "rw" : "ro"];
        return new OciMount(destination, "bind", source, [kind, .. options, .. kind == "rbind" ? options.Where(o => o is not ("exec" or "rw")).Select(o => $"r{o}") : []]);
    }
}
