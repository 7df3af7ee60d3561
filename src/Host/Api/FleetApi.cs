using System.Collections.Immutable;
using System.Diagnostics;
using Akka.Actor;
using Fleet.Actors.Hosts;
using Fleet.Actors.Jobs;
using Fleet.Actors.Sandboxes;
using Fleet.Client.Api;
using Fleet.Client.Jobs;
using Fleet.Host.Audit;
using Fleet.Host.Grants;
using Fleet.Hosts;
using Fleet.Jobs;
using Fleet.Ledger;

namespace Fleet.Host.Api;

/// <summary>
/// What the agent does for its callers: asks the actors, and puts their answers into the API's words. Thread-safe; holds no state of its own.
/// A change is answered only after its events are on disk. All methods throw <see cref="RefusedException"/> for what the fleet refuses.
/// </summary>
/// <param name="jobs">Answers <see cref="JobMessage"/> and <see cref="ListJobs"/>.</param>
/// <param name="grants">Answers <see cref="Actors.Grants.ListGrants"/>.</param>
/// <param name="host">Answers <see cref="ListProcesses"/>.</param>
public sealed partial class FleetApi(
    IActorRef jobs, IActorRef grants, IActorRef host, IAuditLog audit, HostPaths paths, ISandboxes sandboxes, RootFolder root, string hostName, TimeProvider time)
{
    /// <summary>How long an actor may take to answer, its writes included.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(15);

    private readonly ContentStore contents = new(paths);

    public async Task<JobList> List() => new([.. (await Views()).Select(JobMapping.Summary)]);

    public async Task<JobDetail> Get(JobId job) => await Detail((await Ask(new JobMessage.Get(job))).Job);

    public async Task<JobHistory> History(JobId job) => JobMapping.History((await Ask(new JobMessage.Get(job))).Job);

    public async Task<DiffReply> Diff(JobId job, int from, int to)
    {
        var view = (await Ask(new JobMessage.Get(job))).Job;
        var changes = JobDiff.Between(Version(view, from).Spec, Version(view, to).Spec);
        return new DiffReply(job.ToString(), from, to, JobMapping.Keys(changes));
    }

    public async Task<PlanReply> Plan(RunRequest request)
    {
        var wanted = Read(request).Spec;
        var view = (await Views()).FirstOrDefault(v => v.Id == wanted.Id);
        return JobMapping.Plan(JobPlan.Of(view?.Current.Spec, view?.Generation ?? 0, view?.Run ?? false, wanted, await Cover(wanted)), hostName);
    }

    /// <summary>The contents are on disk before the job is submitted: what is accepted can always be started.</summary>
    public async Task<JobChanged> Run(RunRequest request, Cause cause)
    {
        var submission = Read(request);
        await Admit(submission.Spec);
        contents.Put(submission.Contents);
        return await Change(new JobMessage.Submit(submission.Spec, request.CheckIndex, cause));
    }

    public async Task<JobChanged> Change(JobMessage message)
    {
        var accepted = await Ask(await Admitted(message));
        return new JobChanged(accepted.Changed, await Detail(accepted.Job));
    }

    public Cause CauseOf(Caller caller, Guid? correlation, ActivityContext trace)
    {
        var command = Guid.CreateVersion7(time.GetUtcNow());
        return new Cause(correlation ?? command, command, caller.Principal, caller.Origin, time.GetUtcNow(), Trace: trace);
    }

    private async Task<JobDetail> Detail(JobView job) => JobMapping.Detail(job, await Cover(job.Current.Spec));

    private JobSubmission Read(RunRequest request)
    {
        var options = new JobFileOptions { Name = request.Name, Set = request.Set ?? [], BoshRoot = paths.Bosh };
        var result = JobFileReader.Read(request.FileName, System.Text.Encoding.UTF8.GetBytes(request.Content), options);
        return result.Submission ?? throw new RefusedException(ApiError.Of(result.Mistakes));
    }

    private static JobVersion Version(JobView view, int version) =>
        view.Versions.FirstOrDefault(v => v.Version == version)
        ?? throw new RefusedException(
            RefusalCode.NotFound, $"job '{view.Id}' has no version {version}: it has {view.Versions[0].Version} to {view.Current.Version}");

    private Task<ImmutableArray<JobView>> Views() => jobs.Ask<ImmutableArray<JobView>>(ListJobs.Instance, Patience);

    private async Task<JobReply.Accepted> Ask(JobMessage message) => await jobs.Ask<JobReply>(message, Patience) switch
    {
        JobReply.Accepted accepted => accepted,
        JobReply.Refused refused => throw new RefusedException(ApiError.Of(refused.Refusal)),
        var other => throw new UnreachableException($"no such reply: {other.GetType()}"),
    };
}
