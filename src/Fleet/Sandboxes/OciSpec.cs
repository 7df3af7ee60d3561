using System.Collections.Immutable;
using Fleet.Hosts;
using Fleet.Privileges;
using Fleet.Processes;

namespace Fleet.Sandboxes;

public abstract record OciBuild
{
    private OciBuild()
    {
    }

    public sealed record Built(OciConfig Config) : OciBuild;

    public sealed record Refused(StartFailure Failure) : OciBuild;
}

/// <summary>A request as an OCI configuration, rootless: BPM's sandbox (bpm-release, runc/specbuilder) inside a user namespace of the job's own.</summary>
public static class OciSpec
{
    public const string SeccompAnnotation = "run.oci.seccomp_bpf_data";

    /// <summary>Hidden in every sandbox that has no <c>unmasked_paths</c>.</summary>
    internal static readonly ImmutableArray<string> Masked =
    [
        "/etc/sv", "/proc/kcore", "/proc/latency_stats", "/proc/sched_debug", "/proc/timer_list", "/proc/timer_stats", "/sys/firmware",
        "/sys/fs/cgroup",
    ];

    internal static readonly ImmutableArray<string> ReadOnly =
        ["/proc/asound", "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

    public static OciBuild Build(SandboxRequest request, HostFacts facts)
    {
        var asked = PrivilegeSet.Of(request.Process.Job, request.Spec);
        if (!asked.IsBaseline)
        {
            return Refuse(StartFailureCode.PrivilegeRefused, $"{request.Process} asks for {asked}, which needs a grant");
        }

        if (OciEnv.Of(request, facts, out var missing) is not { } env)
        {
            return Refuse(StartFailureCode.FilesRefused, $"the value of the secret env {missing} of {request.Process} is not on this host; submit the job again");
        }

        return new OciBuild.Built(new OciConfig(
            "1.0.2",
            new OciRoot("rootfs", Readonly: false),
            Process(request, facts, env, Inside(request, facts)),
            OciMounts.Of(request, facts),
            Linux(request, facts),
            Annotations(facts.Seccomp)));
    }

    /// <summary>Who a process runs as, inside: what the job file says, else BPM's user, else the first ordinary ids.</summary>
    public static UserIds User(ProcessSpec spec, HostFacts facts) => spec.User ?? facts.Vcap ?? new UserIds(1000, 1000);

    private static OciUser Inside(SandboxRequest request, HostFacts facts)
    {
        var user = User(request.Spec, facts);
        return new OciUser(user.Uid, user.Gid, [IdSlices.JobGroup]);
    }

    /// <summary>The program under its tini, with no privilege.</summary>
    internal static OciProcess Process(SandboxRequest request, HostFacts facts, ImmutableArray<string> env, OciUser user) => new(
        [facts.Tini, "-w", "-s", "--", .. Program(request)],
        env,
        request.Spec.Workdir ?? (facts.Paths with { Bosh = HostPaths.Inside }).Job(request.Process.Job),
        user,
        NoNewPrivileges: true,
        OciCapabilities.None,
        Rlimits(request.Spec.Limits));

    /// <summary>What runs, as the sandbox sees it, with its arguments.</summary>
    public static ImmutableArray<string> Program(SandboxRequest request) =>
        request.Phase == SandboxPhase.PreStart
            ? [request.Spec.Hooks.PreStart ?? throw new ArgumentException($"{request.Process} has no pre_start hook")]
            : [request.Spec.Executable, .. request.Spec.Args];

    private static ImmutableArray<OciRlimit> Rlimits(Limits limits) =>
    [
        .. limits.OpenFiles is { } files ? [new OciRlimit("RLIMIT_NOFILE", files, files)] : (OciRlimit[])[],
        .. limits.CoreFileSize is { } core ? [new OciRlimit("RLIMIT_CORE", core, core)] : (OciRlimit[])[],
    ];

    private static OciLinux Linux(SandboxRequest request, HostFacts facts)
    {
        ImmutableArray<OciIdMapping> slice = [new OciIdMapping(0, IdSlices.InAgent(request.Slice), IdSlices.Size)];
        return new OciLinux(
            [new("ipc"), new("mount"), new("uts"), new("pid"), new("user")],
            slice,
            slice,
            "private",
            Masked,
            ReadOnly,
            facts.Seccomp is SeccompChoice.Listed listed ? SeccompProfile.ForRuntime(listed.Architecture) : null);
    }

    internal static readonly ImmutableSortedDictionary<string, string> NoAnnotations = ImmutableSortedDictionary<string, string>.Empty;

    internal static ImmutableSortedDictionary<string, string> Annotations(SeccompChoice seccomp) =>
        seccomp is SeccompChoice.Compiled compiled ? NoAnnotations.Add(SeccompAnnotation, compiled.Bpf) : NoAnnotations;

    private static OciBuild.Refused Refuse(StartFailureCode code, string message) => new(new StartFailure(code, message));
}
