using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text.Json;
using Fleet.Grants;
using Fleet.Hosts;
using Fleet.Jobs;
using Fleet.Privileges;
using Fleet.Processes;
using Fleet.RootHelper.RootTasks;
using Fleet.RootTasks;
using Fleet.Sandboxes;

namespace Fleet.RootHelper.Jobs;

/// <summary>What is to be started, as it was signed: of what the agent said only that is left which it may decide, the run's name and the job's slice.</summary>
/// <param name="Facts">Of this host, by root's policy and by what is here.</param>
/// <param name="User">As the host counts.</param>
internal sealed record JobStart(GrantDocument Grant, JobSpec Job, SandboxRequest Request, PrivilegeSet Privileges, JobsPolicy Policy, HostFacts Facts, OciUser User)
{
    private const string NoState = "/nonexistent";

    public ProcessSpec Spec => Request.Spec;

    /// <summary>The pre_start hook on the host itself, where the set has that.</summary>
    public bool IsOnHost => Request.Phase == SandboxPhase.PreStart && Has<Privilege.RootPreStart>();

    /// <summary>What the kernel is to give it.</summary>
    public KernelView Declared => KernelView.Declared(Privileges, User);

    /// <exception cref="Denied">It is not what was signed, or goes beyond it.</exception>
    public static JobStart Of(RootRequest.StartJob asked, GrantDocument grant, RootPolicy policy, Places places)
    {
        var job = Content(asked.Content, grant, policy);
        var spec = job.Find(asked.Process) ?? throw new Denied(RootDenial.OtherContent, $"the job {job.Id} has no process '{asked.Process}'");
        var privileges = PrivilegeSet.Of(job.Id, spec);
        if (grant.Privileges.Missing(privileges) is { IsBaseline: false } missing)
        {
            throw new Denied(RootDenial.BeyondGrant, $"{job.Id}:{spec.Name} asks for {missing}, which {grant.Id} does not give");
        }

        if (privileges.IsBaseline)
        {
            throw new Denied(RootDenial.BeyondGrant, $"{job.Id}:{spec.Name} asks for no more than the baseline: the agent starts it, and nobody's root");
        }

        if (asked.Phase == SandboxPhase.PreStart && spec.Hooks.PreStart is null)
        {
            throw new Denied(RootDenial.OtherContent, $"{job.Id}:{spec.Name} has no pre_start hook");
        }

        var jobs = policy.Jobs ?? throw new Denied(RootDenial.BeyondPolicy, "this host's policy has no jobs");
        var inside = spec.User ?? asked.User;
        if (asked.Slice >= jobs.Slices || inside.Uid is < 0 or >= IdSlices.Size || inside.Gid is < 0 or >= IdSlices.Size)
        {
            throw new Denied(RootDenial.BadRequest, $"slice {asked.Slice} with the user {inside.Uid}:{inside.Gid} is none of this host's {jobs.Slices} slices of {IdSlices.Size} ids");
        }

        var request = new SandboxRequest(asked.Id, new ProcessId(job.Id, spec.Name), spec, asked.Phase, asked.Slice, job.Files);
        return new JobStart(
            grant, job, request, privileges, jobs, FactsOf(jobs, places), PrivilegedSpec.User(privileges, inside, jobs.FirstUid, jobs.FirstGid, asked.Slice));
    }

    /// <summary>The contents that it needs, in the order in which they come.</summary>
    public ImmutableArray<Digest> Needs => [.. JobContents.Of(Job, Spec)];

    /// <summary>With the values of its secrets.</summary>
    public JobStart With(IReadOnlyDictionary<Digest, byte[]> contents) =>
        this with { Facts = Facts with { Secret = digest => contents.TryGetValue(digest, out var value) ? System.Text.Encoding.UTF8.GetString(value) : null } };

    public bool Has<T>()
        where T : Privilege => Privileges.Members.Any(p => p is T);

    private static JobSpec Content(ImmutableArray<byte> bytes, GrantDocument grant, RootPolicy policy)
    {
        var (job, have) = (grant.PrivilegedJob!, Digest.Of(bytes.AsSpan()));
        if (have != job.Content)
        {
            throw new Denied(RootDenial.OtherContent, $"what the agent has of {job.Job} is {have}, and {job.Content} was signed: a job whose content has changed needs another grant");
        }

        try
        {
            var spec = JsonSerializer.Deserialize(bytes.AsSpan(), RootJson.Default.JobSpec) ?? throw new JsonException("a job is an object, not null");
            if (spec.Processes.Any(process => process is null) || !JsonSerializer.SerializeToUtf8Bytes(spec, RootJson.Default.JobSpec).AsSpan().SequenceEqual(bytes.AsSpan()))
            {
                throw new Denied(RootDenial.OtherContent, $"the signed content of {job.Job} is not in its one form, to the byte");
            }

            if (spec.Id != job.Job)
            {
                throw new Denied(RootDenial.OtherContent, $"the signed content is of the job {spec.Id}, and the grant is for {job.Job}");
            }

            // Who signed it may not have read it by these rules, as the agent does: a path in it must not lead elsewhere.
            return JobRules.Check(spec, policy.Jobs?.BoshRoot ?? HostPaths.Inside) is [var mistake, ..]
                ? throw new Denied(RootDenial.OtherContent, $"the signed content of {job.Job} breaks a rule: {mistake.Path}: {mistake.Message}")
                : spec;
        }
        catch (JsonException e)
        {
            throw new Denied(RootDenial.OtherContent, $"the signed content of {job.Job} is no job of this version of Fleet: {e.Message}");
        }
    }

    private static HostFacts FactsOf(JobsPolicy policy, Places places) => new()
    {
        Paths = new HostPaths(NoState, policy.BoshRoot),
        Tini = RootTaskSpec.Init,
        Existing = [.. OciMounts.System.Concat(OciMounts.Resolver).Where(Directory.Exists)],
        Seccomp = TaskRoot.Seccomp(places),
        Secret = _ => null,
    };
}
