using System.Collections.Immutable;
using System.Diagnostics;
using Fleet.Ledger;

namespace Fleet.Jobs;

/// <param name="By">The principal who submitted or reverted it.</param>
/// <param name="RevertOf">The version whose content this one has again; null for a submission of its own.</param>
public sealed record JobVersion(int Version, Digest Digest, JobSpec Spec, DateTimeOffset At, string By, int? RevertOf);

/// <summary>A job's state: what folding its stream gives.</summary>
/// <param name="Versions">From the first to the newest, which is the current one. Empty: the job does not exist.</param>
/// <param name="Restarts">How many restarts were asked for.</param>
/// <param name="Correlation">Of the command that changed it last.</param>
public sealed record Job(ImmutableArray<JobVersion> Versions, bool Run, int Restarts, Guid Correlation)
{
    public static readonly Job Absent = new([], false, 0, Guid.Empty);

    public bool Exists => !Versions.IsEmpty;

    public JobVersion Current => Versions[^1];

    /// <exception cref="UnreachableException">The event cannot follow this state: the stream was tampered with or mixed up.</exception>
    public static Job Evolve(Job job, JobEvent @event, Envelope envelope) =>
        Change(job, @event, envelope) with { Correlation = envelope.CorrelationId };

    private static Job Change(Job job, JobEvent @event, Envelope envelope) => @event switch
    {
        JobEvent.Submitted e when e.Version == job.Versions.Length + 1 =>
            job with { Versions = job.Versions.Add(new(e.Version, e.Digest, e.Spec, envelope.OccurredAt, envelope.Principal.Name, null)), Run = true },
        JobEvent.Reverted e when e.Version == job.Versions.Length + 1 && e.To >= 1 && e.To < e.Version => job with
        {
            Versions = job.Versions.Add(job.Versions[e.To - 1] with
            {
                Version = e.Version, At = envelope.OccurredAt, By = envelope.Principal.Name, RevertOf = e.To,
            }),
            Run = true,
        },
        JobEvent.Stopped when job.Exists => job with { Run = false },
        JobEvent.Started when job.Exists => job with { Run = true },
        JobEvent.Restarted e when job.Exists => job with { Restarts = e.Restarts, Run = true },
        _ => throw new UnreachableException($"{EventCatalog.NameOf(@event)} cannot follow version {job.Versions.Length} of a job"),
    };
}

/// <summary>What may be asked of a job.</summary>
public abstract record JobCommand
{
    private JobCommand()
    {
    }

    /// <param name="Generation">Of the job now: the sequence of its newest event, 0 if it does not exist.</param>
    public sealed record Submit(JobSpec Spec, long? CheckIndex, long Generation) : JobCommand;

    public sealed record Stop : JobCommand;

    public sealed record Start : JobCommand;

    public sealed record Restart : JobCommand;

    public sealed record Revert(int? To) : JobCommand;
}

/// <summary>Decides what becomes of a command on a job. Pure.</summary>
public static class JobDecider
{
    public static Decision<JobEvent> Decide(Job job, JobCommand command) => (job.Exists, command) switch
    {
        (_, JobCommand.Submit c) => Submit(job, c),
        (false, _) => Decision<JobEvent>.Refuse(RefusalCode.NotFound, "there is no such job; `fleet job list` shows those that there are"),
        (_, JobCommand.Stop) => job.Run ? Decision<JobEvent>.Of(new JobEvent.Stopped()) : Decision<JobEvent>.Nothing,
        (_, JobCommand.Start) => job.Run ? Decision<JobEvent>.Nothing : Decision<JobEvent>.Of(new JobEvent.Started()),
        (_, JobCommand.Restart) => Decision<JobEvent>.Of(new JobEvent.Restarted(job.Restarts + 1)),
        (_, JobCommand.Revert c) => Revert(job, c.To ?? job.Current.Version - 1),
        _ => throw new UnreachableException($"{command.GetType()} is not a command on a job"),
    };

    private static Decision<JobEvent> Submit(Job job, JobCommand.Submit command)
    {
        if (command.CheckIndex is { } index && index != command.Generation)
        {
            return Decision<JobEvent>.Refuse(RefusalCode.Conflict, index == 0
                ? $"the name is taken: the job exists, with index {command.Generation}; choose another name, or `fleet job plan` shows what a new version of it would change"
                : $"the job has index {command.Generation}, not {index}: it changed since the plan; plan again");
        }

        var digest = JobDigest.Of(command.Spec);
        return (job.Exists && job.Current.Digest == digest, job.Run) switch
        {
            (true, true) => Decision<JobEvent>.Nothing,
            (true, false) => Decision<JobEvent>.Of(new JobEvent.Started()),
            _ => Decision<JobEvent>.Of(new JobEvent.Submitted(job.Versions.Length + 1, digest, command.Spec)),
        };
    }

    private static Decision<JobEvent> Revert(Job job, int to)
    {
        if (to < 1 || to > job.Versions.Length)
        {
            return Decision<JobEvent>.Refuse(
                RefusalCode.Conflict, $"there is no version {to} to revert to; the job has versions 1 to {job.Versions.Length}");
        }

        return job.Versions[to - 1].Digest == job.Current.Digest
            ? Decision<JobEvent>.Nothing
            : Decision<JobEvent>.Of(new JobEvent.Reverted(job.Versions.Length + 1, to));
    }
}
