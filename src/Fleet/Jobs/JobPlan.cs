using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Fleet.Jobs;

/// <summary>What a submission would change, were it run now. Pure: making a plan changes nothing.</summary>
/// <param name="CheckIndex">The job's generation; 0 where the job does not exist. <c>job run --check-index</c> holds the job to it.</param>
/// <param name="CurrentDigest">Null: the job does not exist.</param>
/// <param name="Cover">By what it may run; <c>job run</c> is refused where that is <see cref="JobCover.Missing"/>.</param>
public sealed record JobPlan(
    JobId Job, long CheckIndex, Digest? CurrentDigest, Digest Digest, JobChange Change, ImmutableArray<ProcessChange> Processes,
    ImmutableArray<KeyChange> Files, JobCover Cover)
{
    /// <param name="current">The current version's content; null where the job does not exist.</param>
    /// <param name="runs">Whether the job is meant to run now.</param>
    public static JobPlan Of(JobSpec? current, long generation, bool runs, JobSpec wanted, JobCover cover)
    {
        var before = current ?? new JobSpec(wanted.Id, [], []);
        var (was, becomes) = (current is null ? (Digest?)null : JobDigest.Of(current), JobDigest.Of(wanted));
        var files = JobDiff.BetweenFiles(before, wanted);
        return new JobPlan(
            wanted.Id, generation, was, becomes, ChangeOf(was, becomes, runs), ProcessesOf(before, wanted, files, runs), files, cover);
    }

    private static JobChange ChangeOf(Digest? was, Digest becomes, bool runs) => was switch
    {
        null => JobChange.Create,
        _ when was != becomes => JobChange.Update,
        _ => runs ? JobChange.None : JobChange.Start,
    };

    private static ImmutableArray<ProcessChange> ProcessesOf(JobSpec before, JobSpec after, ImmutableArray<KeyChange> files, bool runs) =>
    [
        .. after.Processes.Select(wanted => before.Find(wanted.Name) is { } current
            ? Kept(wanted.Name, JobDiff.Between(current, wanted), filesChange: !files.IsEmpty, runs)
            : new ProcessChange(wanted.Name, ProcessAction.Add, Restarts: false, [])),
        .. before.Processes.Where(p => after.Find(p.Name) is null)
            .Select(p => new ProcessChange(p.Name, ProcessAction.Remove, Restarts: false, [])),
    ];

    // A process sees the job's files, so a change of theirs is one of every process.
    private static ProcessChange Kept(string name, ImmutableArray<KeyChange> keys, bool filesChange, bool runs) =>
        keys.IsEmpty && !filesChange
            ? new ProcessChange(name, ProcessAction.Keep, Restarts: false, [])
            : new ProcessChange(name, ProcessAction.Change, Restarts: runs, keys);
}

/// <param name="Restarts">It runs, and must be started anew for the change.</param>
/// <param name="Keys">What differs; empty but for <see cref="ProcessAction.Change"/>.</param>
public sealed record ProcessChange(string Process, ProcessAction Action, bool Restarts, ImmutableArray<KeyChange> Keys);

[JsonConverter(typeof(SnakeCaseEnum<ProcessAction>))]
public enum ProcessAction
{
    Keep,
    Add,
    Change,
    Remove,
}

[JsonConverter(typeof(SnakeCaseEnum<JobChange>))]
public enum JobChange
{
    /// <summary>The job has this content and runs.</summary>
    None,
    Create,
    Update,

    /// <summary>The job has this content, but is stopped.</summary>
    Start,
}
