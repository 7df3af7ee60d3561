using Fleet.Grants;
using Fleet.Jobs;
using Fleet.Processes;
using Fleet.Sandboxes;

namespace Fleet.Actors.Ledger;

/// <summary>The persistence ids: the one place that names streams.</summary>
public static class Streams
{
    public const string JobPrefix = "job/", GrantPrefix = "grant/";

    public static string Job(JobId job) => $"{JobPrefix}{job.Namespace}/{job.Name}";

    public static string Grant(GrantId grant) => $"{GrantPrefix}{grant}";

    public static string Host(string host) => $"host/{host}";

    public static string RootLog(string host) => $"rootlog/{host}";

    public static string Process(string host, ProcessId process) => $"process/{host}/{process}";

    /// <summary>The job of a stream; null for another stream.</summary>
    public static JobId? JobOf(string stream) =>
        stream.StartsWith(JobPrefix, StringComparison.Ordinal) && JobId.TryParse(stream[JobPrefix.Length..], out var job) ? job : null;

    /// <summary>The grant of a stream; null for another stream.</summary>
    public static GrantId? GrantOf(string stream) =>
        stream.StartsWith(GrantPrefix, StringComparison.Ordinal) && GrantId.TryParse(stream[GrantPrefix.Length..], out var grant) ? grant : null;
}

/// <summary>Which jobs the ledger knows. A failure to read it is thrown: to start without them would stop them all.</summary>
public interface IJobIndex
{
    Task<IReadOnlyList<JobId>> Jobs();
}

/// <summary>Which grants the ledger knows. A failure to read it is thrown.</summary>
public interface IGrantIndex
{
    Task<IReadOnlyList<GrantId>> Grants();
}

/// <summary>Which runs of processes the ledger knows. A failure to read it is thrown.</summary>
public interface IRunIndex
{
    /// <summary>Whether the host has recorded that it begins the run: it does so before it asks anybody.</summary>
    Task<bool> HasBegun(string host, ProcessId process, RunId run);
}
