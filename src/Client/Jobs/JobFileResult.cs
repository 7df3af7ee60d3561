using System.Collections.Immutable;
using Fleet.Hosts;
using Fleet.Jobs;

namespace Fleet.Client.Jobs;

/// <param name="Submission">Null if there is any mistake.</param>
/// <param name="Mistakes">All of them, in the order of the file.</param>
public sealed record JobFileResult(JobSubmission? Submission, ImmutableArray<FileMistake> Mistakes);

/// <summary>One mistake and where it stands. Its texts are safe to print: control characters of the file are escaped.</summary>
/// <param name="File">As it was named, or <c>--set KEY</c> or <c>--name</c> where the mistake came from the command line.</param>
/// <param name="Line">From 1.</param>
/// <param name="Column">In characters, from 1.</param>
/// <param name="Path">Such as <c>processes[0].limits.memory</c>; empty for the whole file.</param>
public sealed record FileMistake(string File, int Line, int Column, string Path, string Message)
{
    public override string ToString() => $"{File}:{Line}:{Column}: {(Path.Length > 0 ? $"{Path}: " : "")}{Message}";
}

public sealed record JobFileOptions
{
    /// <summary><c>--name</c>: NAME or NAMESPACE/NAME; wins over the file's <c>job</c>. A plain bpm.yml needs it.</summary>
    public string? Name { get; init; }

    /// <summary>
    /// <c>--set KEY=VALUE</c>: the scalar at a path of keys, such as <c>processes.redis.limits.memory</c> or <c>processes[0].limits.memory</c>,
    /// is replaced by VALUE, read as an unquoted YAML scalar. Maps that are missing on the way are made.
    /// </summary>
    public IReadOnlyDictionary<string, string> Set { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>BPM's root on the host.</summary>
    public string BoshRoot { get; init; } = HostPaths.Inside;
}
