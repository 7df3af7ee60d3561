using System.Collections.Immutable;
using Fleet.Grants;
using Fleet.Hosts;
using Fleet.Jobs;
using Fleet.Ledger;

namespace Fleet.Actors.Jobs;

/// <summary>What the Jobs actor (control) answers; each is answered with a <see cref="JobReply"/>, a change only after its events are on disk.</summary>
public abstract record JobMessage(JobId Job)
{
    /// <summary>A new version, or, with the content of the current one, nothing. Starts a stopped job.</summary>
    /// <param name="CheckIndex">Refused if the job's generation is another (0: the job must not exist).</param>
    public sealed record Submit(JobSpec Spec, long? CheckIndex, Cause Cause) : JobMessage(Spec.Id);

    public sealed record Stop(JobId Job, Cause Cause) : JobMessage(Job);

    public sealed record Start(JobId Job, Cause Cause) : JobMessage(Job);

    public sealed record Restart(JobId Job, Cause Cause) : JobMessage(Job);

    /// <param name="To">Null: the version before the current one.</param>
    public sealed record Revert(JobId Job, int? To, Cause Cause) : JobMessage(Job);

    public sealed record Get(JobId Job) : JobMessage(Job);
}

/// <summary>Answered with an ImmutableArray of <see cref="JobView"/>, in the order of their ids.</summary>
public sealed record ListJobs
{
    public static readonly ListJobs Instance = new();
}

/// <summary>What control knows of the grants for jobs, whole; unanswered. Until the Jobs actor has heard it, hosts are told nothing: without its grant a process would be stopped.</summary>
/// <param name="Number">Rises with every change of any of them.</param>
/// <param name="Told">As <see cref="JobGrants.Told"/>.</param>
public sealed record TellJobGrants(long Number, ImmutableArray<Grant.Asked> Told);

public abstract record JobReply
{
    private JobReply()
    {
    }

    /// <param name="Changed">False: it was so already, and nothing was written.</param>
    public sealed record Accepted(JobView Job, bool Changed) : JobReply;

    public sealed record Refused(Refusal Refusal) : JobReply;
}

/// <summary>A job as control knows it.</summary>
/// <param name="Generation">The index for <c>--check-index</c>: rises with every change.</param>
/// <param name="Versions">From the first to the newest.</param>
/// <param name="Processes">What the hosts said last; a process no host has spoken of is not here yet.</param>
public sealed record JobView(
    JobId Id, long Generation, bool Run, int Restarts, ImmutableArray<JobVersion> Versions, ImmutableArray<Observation> Processes)
{
    public JobVersion Current => Versions[^1];
}
