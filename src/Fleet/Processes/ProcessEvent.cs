using System.Text.Json.Serialization;
using Fleet.Grants;
using Fleet.Ledger;
using Fleet.Sandboxes;

namespace Fleet.Processes;

public abstract record ProcessEvent : FleetEvent
{
    private ProcessEvent()
    {
    }

    /// <summary>The intent, written before anything is done. <paramref name="Attempt"/> counts from 1 since the process last was stable or asked for.</summary>
    /// <param name="Grant">By which it may have more than the baseline; left out where it asks for no more, as it was before there were such starts.</param>
    [StoredName("process.starting.v1")]
    public sealed record Starting(
        RunId Run, SandboxPhase Phase, long Generation, int Version, Digest Digest, int Restarts, int Attempt,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] GrantId? Grant = null) : ProcessEvent;

    [StoredName("process.started.v1")]
    public sealed record Started(SandboxIdentity Identity) : ProcessEvent;

    [StoredName("process.start_failed.v1")]
    public sealed record StartFailed(RunId Run, StartFailure Failure) : ProcessEvent;

    [StoredName("process.exited.v1")]
    public sealed record Exited(RunId Run, SandboxExit Exit) : ProcessEvent;

    /// <summary>Neither the process nor its exit is there: the host was booted, or someone removed both.</summary>
    [StoredName("process.lost.v1")]
    public sealed record Lost(RunId Run, string Why) : ProcessEvent;

    [StoredName("process.health_changed.v1")]
    public sealed record HealthChanged(RunId Run, Health Health, string Detail) : ProcessEvent;

    /// <summary>What the kernel says of it is not as declared, or, where nothing is said, is so again.</summary>
    [StoredName("process.kernel_differs.v1")]
    public sealed record KernelDiffers(RunId Run, string? Difference) : ProcessEvent;

    /// <summary>The stop ladder begins, at its rung 0.</summary>
    [StoredName("process.stopping.v1")]
    public sealed record Stopping(RunId Run, StopReason Why, StopLadder Ladder) : ProcessEvent;

    /// <summary>The next rung, counted from 0, because the one before ended nothing.</summary>
    [StoredName("process.stop_escalated.v1")]
    public sealed record StopEscalated(RunId Run, int Rung) : ProcessEvent;

    /// <summary>What is due of a run that starts or stops cannot be done now, and is tried again; where nothing is said, it can again.</summary>
    [StoredName("process.hindered.v1")]
    public sealed record Hindered(RunId Run, string? Why) : ProcessEvent;

    /// <summary>Nothing of it runs, as asked.</summary>
    [StoredName("process.stopped.v1")]
    public sealed record Stopped(long Generation, int Version) : ProcessEvent;

    [StoredName("process.restart_scheduled.v1")]
    public sealed record RestartScheduled(int Attempt, DateTimeOffset NotBefore, bool CrashLooping) : ProcessEvent;

    /// <summary>It ended by itself and its restart policy has it stay so. <paramref name="Failed"/>: not with 0.</summary>
    [StoredName("process.ended.v1")]
    public sealed record Ended(bool Failed, string Why) : ProcessEvent;

    /// <summary>It is wanted, and is not started before a grant covers it; then it is, by itself.</summary>
    /// <param name="Refused">The grant that root on this host has refused: it waits for another. Null: none covers it.</param>
    [StoredName("process.not_permitted.v1")]
    public sealed record NotPermitted(string Why, GrantId? Refused) : ProcessEvent;
}

[JsonConverter(typeof(SnakeCaseEnum<StopReason>))]
public enum StopReason
{
    /// <summary>The job is to be stopped, or is no longer this host's.</summary>
    Asked,

    /// <summary>Another version, or a restart that was asked for, follows.</summary>
    Replaced,

    /// <summary>Its health check failed too often; the restart policy says what follows.</summary>
    Unhealthy,

    /// <summary>The grant by which it runs is over or was revoked.</summary>
    GrantOver,
}
