using System.Text.Json.Serialization;
using Fleet.Grants;
using Fleet.Privileges;
using Fleet.Sandboxes;

namespace Fleet.Processes;

/// <summary>A process as people and control see it.</summary>
/// <param name="Since">When it came into this phase.</param>
/// <param name="Pid">Of PID 1 of its sandbox, as the host sees it; null unless something of it runs.</param>
/// <param name="Restarts">Starts after the first, since the process was last stopped or given a new version.</param>
/// <param name="Detail">Why it is so, for people.</param>
/// <param name="Grant">By which it runs; null: it runs with no more than the baseline, or not at all.</param>
/// <param name="Difference">What the kernel says of it that is not as declared; null: nothing.</param>
public sealed record ProcessStatus(
    ProcessPhase Phase, int Version, DateTimeOffset Since, int? Pid, RunId? Run, int Restarts, Health Health, SandboxExit? LastExit, string? Detail,
    GrantId? Grant = null, string? Difference = null);

[JsonConverter(typeof(SnakeCaseEnum<ProcessPhase>))]
public enum ProcessPhase
{
    Stopped,
    PreStart,
    Starting,
    Running,
    Stopping,

    /// <summary>Ended, and to be started again after a delay.</summary>
    Waiting,

    /// <summary>As waiting, for at least the fifth time in a row.</summary>
    CrashLooping,

    /// <summary>Ended with 0 and not to be started again.</summary>
    Completed,

    /// <summary>Will not be started again until somebody asks.</summary>
    Failed,
}

[JsonConverter(typeof(SnakeCaseEnum<Health>))]
public enum Health
{
    /// <summary>No check is configured, or none has answered yet.</summary>
    Unknown,
    Healthy,
    Unhealthy,
}
