using System.Collections.Immutable;
using Fleet.Processes;

namespace Fleet.Jobs;

/// <summary>
/// What a job is, without secrets: values of env marked secret and contents of files stand here as digests.
/// The same content always has the same <see cref="JobDigest.Of"/>, whatever file it was written in.
/// </summary>
public sealed record JobSpec(JobId Id, ImmutableArray<ProcessSpec> Processes, ImmutableArray<JobFile> Files)
{
    public ProcessSpec? Find(string process) => Processes.FirstOrDefault(p => p.Name == process);
}

/// <summary>A file that Fleet writes into the job's folder (<c>jobs/JOB/PATH</c>), read-only inside the sandbox.</summary>
/// <param name="Path">Relative to the job's folder, canonical, without <c>..</c>.</param>
/// <param name="Mode">Permission bits, 0 to 0777 (octal); 0644 when the job file names none.</param>
public sealed record JobFile(string Path, int Mode, Digest Content);

/// <summary>A job file as read: the specification, and beside it the contents that the specification names only by digest.</summary>
public sealed record JobSubmission(JobSpec Spec, ImmutableDictionary<Digest, ImmutableArray<byte>> Contents);
