using System.Collections.Immutable;
using System.Diagnostics;
using Fleet.Grants;
using Fleet.Jobs;
using Fleet.Processes;

namespace Fleet.Hosts;

/// <summary>
/// What control wants of one host, whole: level-triggered, so a lost or repeated one does no harm. Goes down the link.
/// A job that stands no longer here is to be stopped and forgotten.
/// </summary>
/// <param name="Number">Rises with every change of any job and of any grant for one, so that a host knows an older one, which may lack a newer job, from a newer.</param>
public sealed record DesiredState(long Number, ImmutableArray<DesiredJob> Jobs)
{
    /// <summary>
    /// Grants for the content that a job has now: those that are active, and those that have expired not long ago, for a host decides by its own clock when one is over.
    /// One that is not here any more while its job's content is the same was revoked.
    /// </summary>
    public ImmutableArray<JobGrant> Grants { get; init; } = [];
}

/// <param name="Generation">Rises with every change of the job; a host ignores one that is not above what it has.</param>
/// <param name="Run">Whether the processes shall run.</param>
/// <param name="Restarts">Rises with every restart asked for; a run begun under a lower number is to be replaced.</param>
/// <param name="Correlation">Of the command that made it so: the story that the host's events go on with.</param>
/// <param name="Trace">The span of that command, for the host's own spans; on a network its W3C <c>traceparent</c>. Nothing is decided by it, and none is as good.</param>
public sealed record DesiredJob(
    long Generation, int Version, JobSpec Spec, bool Run, int Restarts, Guid Correlation, ActivityContext Trace = default);

/// <summary>What a host was told of one process, as it keeps it.</summary>
/// <param name="Slice">The job's, or <see cref="NoSlice"/>; one that shall run has one.</param>
/// <param name="Digest">Of the process's own specification and the job's files: a new version that changes neither does not restart it.</param>
public sealed record Assignment(
    ProcessId Process, long Generation, int Version, Digest Digest, ProcessSpec Spec, ImmutableArray<JobFile> Files, bool Run, int Restarts, int Slice,
    Guid Correlation)
{
    /// <summary>Of a stopped job whose slice was given back.</summary>
    public const int NoSlice = -1;
}

/// <summary>What a host says of one of its processes. Goes up the link; the newest replaces the older.</summary>
/// <param name="Generation">Of the desired state that the process follows.</param>
/// <param name="Removed">The process is no longer assigned and nothing of it is left.</param>
public sealed record Observation(string Host, ProcessId Process, long Generation, ProcessStatus Status, bool Removed = false);
