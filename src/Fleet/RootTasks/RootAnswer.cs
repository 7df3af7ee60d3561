using System.Text.Json.Serialization;
using Fleet.Grants;
using Fleet.Sandboxes;

namespace Fleet.RootTasks;

/// <summary>A use was burnt, and its start is on disk in the root log.</summary>
public sealed record RootStarted(GrantId Grant, int Use, string Host, DateTimeOffset At);

/// <summary>A process of a job runs. Its end, and what it is until then, is known by conmon's exit file and by the kernel.</summary>
public sealed record RootJobStarted(SandboxIdentity Identity, string Host, DateTimeOffset At);

/// <summary>Nothing was run.</summary>
/// <param name="Message">For people: what was wrong and the way out. It holds nothing that the asking agent may not know.</param>
public sealed record RootRefusal(RootDenial Code, string Message);

/// <summary>How a root task came to its end.</summary>
[JsonConverter(typeof(SnakeCaseEnum<RootEnd>))]
public enum RootEnd
{
    /// <summary>By itself, or by a signal that the host did not send.</summary>
    Exited,
    Timeout,
    OutputLimit,

    /// <summary>Who asked for it said so, or is gone.</summary>
    Cancelled,
    Revoked,

    /// <summary>Of a job: its grant was over.</summary>
    GrantOver,
}

/// <summary>What one stream of a task said.</summary>
/// <param name="Bytes">All of them, also those that were not passed on.</param>
public sealed record OutputDigest(long Bytes, Digest Digest);

/// <summary>What a host's root helper says of a use that it ran; signed with the helper's key, in the namespace <c>fleet-receipt</c>.</summary>
/// <param name="FleetRootReceipt">The format's number, 1.</param>
/// <param name="Document">Of the grant's exact bytes.</param>
/// <param name="ExitCode">As a shell tells it: 128 and the signal for what a signal ended.</param>
/// <param name="CpuMilliseconds">User and system time of all its processes that were waited for.</param>
/// <param name="MemoryKilobytes">The largest resident set of one of them.</param>
/// <param name="LogNumber">Of the entry in the host's root log that says so.</param>
/// <param name="LogHead">The digest of that entry: with it the whole log up to there.</param>
public sealed record RootReceipt(
    int FleetRootReceipt,
    string Host,
    GrantId Grant,
    int Use,
    Digest Document,
    DateTimeOffset StartedAt,
    DateTimeOffset EndedAt,
    int ExitCode,
    RootEnd How,
    long CpuMilliseconds,
    long MemoryKilobytes,
    OutputDigest Stdout,
    OutputDigest Stderr,
    long LogNumber,
    Digest LogHead)
{
    public const int Version = 1;
}
