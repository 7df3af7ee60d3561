using System.Diagnostics;
using System.Text.Json.Serialization;
using Fleet.Grants;
using Fleet.Ledger;
using Fleet.Sandboxes;

namespace Fleet.Processes;

/// <summary>One run of a process, from the intent on.</summary>
/// <param name="Attempt">From 1: how-manieth start since the process last was stable, or was asked for anew.</param>
/// <param name="Digest">Of what it was started with (<see cref="Hosts.Assignment.Digest"/>).</param>
/// <param name="Grant">By which it was started; null: it asked for no more than the baseline.</param>
public sealed record ProcessRun(RunId Id, SandboxPhase Phase, long Generation, int Version, Digest Digest, int Restarts, int Attempt, GrantId? Grant = null);

/// <summary>
/// A process's state: what folding its stream gives.
/// <code>
///             Starting ──failed──► Waiting ──due──► Starting
///            ▲   │ started           ▲  │ not wanted
///     wanted │   ▼                   │  ▼
///   Idle ────┘  Running ──exited─────┘  Idle
///    ▲            │ not wanted, replaced, unhealthy, its grant over
///    └──exited── Stopping ──exited, wanted──► Starting
/// </code>
/// What no grant covers is Idle (<see cref="IdleWhy.NotPermitted"/>) until one does, wherever it would have been started.
/// A pre_start hook is a run of its own phase: Starting and Running with <see cref="SandboxPhase.PreStart"/>, whose exit with 0 leads to Starting again.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(Idle), "idle")]
[JsonDerivedType(typeof(Starting), "starting")]
[JsonDerivedType(typeof(Running), "running")]
[JsonDerivedType(typeof(Stopping), "stopping")]
[JsonDerivedType(typeof(Between), "between")]
[JsonDerivedType(typeof(Waiting), "waiting")]
public abstract record ProcessState
{
    private ProcessState()
    {
    }

    /// <summary>The last end of a run of this process, whatever came after.</summary>
    public SandboxExit? LastExit { get; init; }

    /// <summary>The run that ended last: what became of it decides about the next.</summary>
    public ProcessRun? LastRun { get; init; }

    /// <summary>When this state was entered.</summary>
    public DateTimeOffset Since { get; init; }

    /// <summary>Why it is so, for people.</summary>
    public string? Detail { get; init; }

    /// <summary>Nothing of it runs, and nothing is due.</summary>
    /// <param name="Refused">Of <see cref="IdleWhy.NotPermitted"/>: the grant that root on this host has refused; null: none covers it.</param>
    public sealed record Idle(IdleWhy Why, GrantId? Refused = null) : ProcessState;

    /// <summary>The intent is on disk; whether the sandbox is there only the host knows.</summary>
    public sealed record Starting(ProcessRun Run) : ProcessState;

    /// <param name="Difference">What the kernel says of it that is not as declared; null: nothing.</param>
    public sealed record Running(ProcessRun Run, SandboxIdentity Identity, Health Health, string? Difference = null) : ProcessState;

    /// <param name="RungSince">When the rung's signal was due.</param>
    public sealed record Stopping(
        ProcessRun Run, SandboxIdentity Identity, StopReason Why, StopLadder Ladder, int Rung, DateTimeOffset RungSince) : ProcessState;

    /// <summary>A run has ended and what follows was not yet decided: only a kill between two writes leaves it so.</summary>
    public sealed record Between(StopReason? Stopped, StartFailure? Failure, DateTimeOffset StartedAt) : ProcessState;

    public sealed record Waiting(int Attempt, DateTimeOffset NotBefore, bool CrashLooping) : ProcessState;

    public static readonly ProcessState New = new Idle(IdleWhy.Stopped);

    /// <exception cref="UnreachableException">The event cannot follow this state.</exception>
    public static ProcessState Evolve(ProcessState state, ProcessEvent @event, DateTimeOffset at) => (state, @event) switch
    {
        (Idle or Waiting or Between, ProcessEvent.Starting e) =>
            Enter(state, new Starting(new(e.Run, e.Phase, e.Generation, e.Version, e.Digest, e.Restarts, e.Attempt, e.Grant)), at, null),
        (Starting s, ProcessEvent.Started e) when e.Identity.Run == s.Run.Id => Enter(state, new Running(s.Run, e.Identity, Health.Unknown), at, null),
        (Starting s, ProcessEvent.StartFailed e) when e.Run == s.Run.Id =>
            Enter(state, new Between(null, e.Failure, at), at, e.Failure.Message) with { LastRun = s.Run, LastExit = null },
        (Running s, ProcessEvent.HealthChanged e) when e.Run == s.Run.Id => s with { Health = e.Health, Detail = e.Detail },
        (Running s, ProcessEvent.KernelDiffers e) when e.Run == s.Run.Id => s with { Difference = e.Difference },
        (Running s, ProcessEvent.Stopping e) when e.Run == s.Run.Id =>
            Enter(state, new Stopping(s.Run, s.Identity, e.Why, e.Ladder, 0, at), at, null),
        (Stopping s, ProcessEvent.StopEscalated e) when e.Run == s.Run.Id && e.Rung == s.Rung + 1 => s with { Rung = e.Rung, RungSince = at },
        (Starting s, ProcessEvent.Hindered e) when e.Run == s.Run.Id => s with { Detail = e.Why },
        (Stopping s, ProcessEvent.Hindered e) when e.Run == s.Run.Id => s with { Detail = e.Why },
        (Running s, ProcessEvent.Exited e) when e.Run == s.Run.Id => Ended(s, s.Run, e.Exit, null, s.Since, at),
        (Stopping s, ProcessEvent.Exited e) when e.Run == s.Run.Id => Ended(s, s.Run, e.Exit, s.Why, s.Since, at),
        (Running s, ProcessEvent.Lost e) when e.Run == s.Run.Id => Ended(s, s.Run, null, null, s.Since, at) with { Detail = e.Why },
        (Stopping s, ProcessEvent.Lost e) when e.Run == s.Run.Id => Ended(s, s.Run, null, s.Why, s.Since, at) with { Detail = e.Why },
        (Idle or Waiting or Between, ProcessEvent.Stopped) => Enter(state, new Idle(IdleWhy.Stopped), at, null),
        (Idle or Between, ProcessEvent.Ended e) => Enter(state, new Idle(e.Failed ? IdleWhy.Failed : IdleWhy.Completed), at, e.Why),
        (Idle or Waiting or Between, ProcessEvent.NotPermitted e) => Enter(state, new Idle(IdleWhy.NotPermitted, e.Refused), at, e.Why),
        (Between, ProcessEvent.RestartScheduled e) => Enter(state, new Waiting(e.Attempt, e.NotBefore, e.CrashLooping), at, state.Detail),
        _ => throw new UnreachableException($"{EventCatalog.NameOf(@event)} cannot follow {state.GetType().Name} of a process"),
    };

    private static ProcessState Ended(ProcessState from, ProcessRun run, SandboxExit? exit, StopReason? stopped, DateTimeOffset startedAt, DateTimeOffset at) =>
        Enter(from, new Between(stopped, null, startedAt), at, exit is null ? null : ExitText.Of(exit)) with { LastRun = run, LastExit = exit };

    private static ProcessState Enter(ProcessState from, ProcessState to, DateTimeOffset at, string? detail) =>
        to with { LastExit = from.LastExit, LastRun = from.LastRun, Since = at, Detail = detail };
}

[JsonConverter(typeof(SnakeCaseEnum<IdleWhy>))]
public enum IdleWhy
{
    Stopped,
    Completed,
    Failed,

    /// <summary>It is wanted and asks for more than is granted; it is started as soon as that changes.</summary>
    NotPermitted,
}

/// <summary>An end in words: one place, so that status, events and errors say it alike.</summary>
public static class ExitText
{
    public static string Of(SandboxExit exit) => exit switch
    {
        { OomKilled: true } => $"killed by the kernel: out of memory (exit code {exit.Code})",
        { Signal: { } signal } => $"ended by signal {signal}",
        _ => $"exited with {exit.Code}",
    };
}
