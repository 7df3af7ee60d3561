using System.Collections.Immutable;
using System.Diagnostics;
using Fleet.Hosts;
using Fleet.Sandboxes;

namespace Fleet.Processes;

/// <summary>What a process's supervisor learns. Time, ids and chance come with it.</summary>
public abstract record ProcessCommand
{
    private ProcessCommand()
    {
    }

    /// <summary>Look again at what is wanted: the assignment changed, or the agent came back.</summary>
    public sealed record Reconcile : ProcessCommand;

    public sealed record StartAnswered(RunId Run, StartOutcome Outcome) : ProcessCommand;

    public sealed record Seen(RunId Run, SandboxView View) : ProcessCommand;

    public sealed record HealthSeen(RunId Run, Health Health, string Detail) : ProcessCommand;

    /// <summary>The wait of this rung is over.</summary>
    public sealed record RungOver(RunId Run, int Rung) : ProcessCommand;

    /// <summary>What is due of a run was tried: why it could not be done; null: it could.</summary>
    public sealed record Hindered(RunId Run, string? Why) : ProcessCommand;

    /// <summary>The delay before the restart is over.</summary>
    public sealed record RestartDue : ProcessCommand;
}

/// <summary>What a decision may use beside state and command.</summary>
/// <param name="Wanted">What the host was told last.</param>
/// <param name="Unique">For the id of a run that the decision begins; each is used for one decision only.</param>
/// <param name="Chance">From 0 inclusive to 1 exclusive.</param>
/// <param name="Permit">By what it may run, of the same moment.</param>
public sealed record Circumstances(Assignment Wanted, DateTimeOffset Now, Guid Unique, double Chance, Permit Permit);

/// <summary>
/// The supervisor's judgement: which events follow from what was learned. Pure. A late answer about a run that is no longer the current one
/// decides nothing: the run was already recorded as ended.
/// </summary>
public static partial class Supervision
{
    /// <summary>The events of one command, up to a state in which nothing more is due at once.</summary>
    public static ImmutableArray<ProcessEvent> Decide(ProcessState state, ProcessCommand command, Circumstances with)
    {
        var events = ImmutableArray.CreateBuilder<ProcessEvent>();
        var next = Learn(state, command, with);
        while (next is not null)
        {
            events.Add(next);
            state = ProcessState.Evolve(state, next, with.Now);
            next = Follow(state, with);
        }

        return events.ToImmutable();
    }

    private static ProcessEvent? Learn(ProcessState state, ProcessCommand command, Circumstances with) => (state, command) switch
    {
        (_, ProcessCommand.Reconcile) => Follow(state, with),
        (ProcessState.Starting s, ProcessCommand.StartAnswered c) when c.Run == s.Run.Id => c.Outcome switch
        {
            StartOutcome.Started started => new ProcessEvent.Started(started.Identity),
            StartOutcome.Failed failed => new ProcessEvent.StartFailed(c.Run, failed.Failure),
            _ => throw new UnreachableException($"{c.Outcome.GetType()} is not an outcome of a start"),
        },
        (ProcessState.Running s, ProcessCommand.Seen { View: SandboxView.Running running } c) when c.Run == s.Run.Id && running.Difference != s.Difference =>
            new ProcessEvent.KernelDiffers(c.Run, running.Difference),
        (ProcessState.Running s, ProcessCommand.Seen c) when c.Run == s.Run.Id => Ended(c),
        (ProcessState.Stopping s, ProcessCommand.Seen c) when c.Run == s.Run.Id => Ended(c),
        (ProcessState.Running s, ProcessCommand.HealthSeen c) when c.Run == s.Run.Id && c.Health != s.Health =>
            new ProcessEvent.HealthChanged(c.Run, c.Health, c.Detail),
        (ProcessState.Stopping s, ProcessCommand.RungOver c) when c.Run == s.Run.Id && c.Rung == s.Rung && c.Rung + 1 < s.Ladder.Rungs.Length =>
            new ProcessEvent.StopEscalated(c.Run, c.Rung + 1),
        (ProcessState.Starting s, ProcessCommand.Hindered c) when c.Run == s.Run.Id && IsNews(c.Why, s.Detail) => new ProcessEvent.Hindered(c.Run, c.Why),
        (ProcessState.Stopping s, ProcessCommand.Hindered c) when c.Run == s.Run.Id && IsNews(c.Why, s.Detail) => new ProcessEvent.Hindered(c.Run, c.Why),
        (ProcessState.Waiting s, ProcessCommand.RestartDue) when with.Wanted.Run && with.Now >= s.NotBefore => Start(FirstPhase(with), s.Attempt + 1, with),
        (ProcessState.Waiting, ProcessCommand.RestartDue) => Follow(state, with),
        (_, ProcessCommand.StartAnswered or ProcessCommand.Seen or ProcessCommand.HealthSeen or ProcessCommand.RungOver or ProcessCommand.Hindered or ProcessCommand.RestartDue) => null,
        _ => throw new UnreachableException($"{command.GetType()} is not a command on a process"),
    };

    // That it is hindered and that it is no more: it is tried every second, and the words of one reason may change with each try.
    private static bool IsNews(string? why, string? known) => why is null != known is null;

    private static ProcessEvent? Ended(ProcessCommand.Seen seen) => seen.View switch
    {
        SandboxView.Running => null,
        SandboxView.Exited exited => new ProcessEvent.Exited(seen.Run, exited.Exit),
        SandboxView.Absent => new ProcessEvent.Lost(seen.Run, "neither the process nor its exit was found: the host was booted, its monitor was killed, or the disk was full when it ended"),
        _ => throw new UnreachableException($"{seen.View.GetType()} is not a view of a sandbox"),
    };

    /// <summary>What the state and the wish call for, without anything new learned.</summary>
    private static ProcessEvent? Follow(ProcessState state, Circumstances with) => state switch
    {
        ProcessState.Idle s => FromIdle(s, with),
        ProcessState.Waiting s when !with.Wanted.Run => Stopped(with),
        ProcessState.Waiting s => IsNew(s.LastRun, with.Wanted) || with.Permit is Permit.Missing ? Start(FirstPhase(with), 1, with) : null,
        ProcessState.Between s => AfterEnd(s, with),
        ProcessState.Running s => FromRunning(s, with.Wanted, with.Permit),
        ProcessState.Starting or ProcessState.Stopping => null,
        _ => throw new UnreachableException($"{state.GetType()} is not a state of a process"),
    };

    private static ProcessEvent? FromIdle(ProcessState.Idle state, Circumstances with) => (state.Why, with.Wanted.Run) switch
    {
        (IdleWhy.Stopped, false) => null,
        (_, false) => Stopped(with),
        (IdleWhy.Stopped, true) => Start(FirstPhase(with), 1, with),
        (IdleWhy.NotPermitted, true) => FromNotPermitted(state, with),
        _ => IsNew(state.LastRun, with.Wanted) ? Start(FirstPhase(with), 1, with) : null,
    };

    private static ProcessEvent? FromRunning(ProcessState.Running state, Assignment wanted, Permit permit)
    {
        var ladder = wanted.Spec.Stop ?? StopLadder.Bpm(wanted.Spec.ShutdownSignal);
        StopReason? why = state switch
        {
            _ when !wanted.Run => StopReason.Asked,
            _ when IsNew(state.Run, wanted) => StopReason.Replaced,
            _ when permit.Ends(state.Run.Grant) => StopReason.GrantOver,

            // What could not be started again is left as it is.
            { Health: Health.Unhealthy } when wanted.Spec.Health is { Restart: true } && permit is not Permit.Missing => StopReason.Unhealthy,
            _ => null,
        };
        return why is { } reason ? new ProcessEvent.Stopping(state.Run.Id, reason, ladder) : null;
    }

    private static ProcessEvent AfterEnd(ProcessState.Between state, Circumstances with)
    {
        var run = state.LastRun ?? throw new UnreachableException("a run ended that never was");
        if (!with.Wanted.Run)
        {
            return Stopped(with);
        }

        if (IsNew(run, with.Wanted) || state.Stopped is StopReason.Asked or StopReason.Replaced or StopReason.GrantOver)
        {
            return Start(FirstPhase(with), 1, with);
        }

        return NotPermitted(state, run, with) ?? (state.Failure, state.LastExit) switch
        {
            ({ } failure, _) => IsLasting(failure.Code) ? new ProcessEvent.Ended(true, failure.Message) : Again(state, run, failed: true, with),
            (_, null) => Again(state, run, failed: true, with),
            (_, { Code: 0 }) when run.Phase == SandboxPhase.PreStart && state.Stopped is null => Start(SandboxPhase.Main, run.Attempt, with),
            (_, { } exit) => Again(state, run, failed: exit.Code != 0 || state.Stopped is not null || run.Phase == SandboxPhase.PreStart, with),
        };
    }

    private static ProcessEvent Again(ProcessState.Between state, ProcessRun run, bool failed, Circumstances with)
    {
        var policy = with.Wanted.Spec.Restart;
        var wasStable = run.Phase == SandboxPhase.Main && state.Failure is null && state.Since - state.StartedAt >= policy.StableAfter;
        var attempt = wasStable ? 1 : run.Attempt;
        var what = run.Phase == SandboxPhase.PreStart ? $"pre_start {state.Detail}" : state.Detail ?? "ended";
        return (policy.Allows(failed, attempt), with.Permit) switch
        {
            (true, Permit.Missing) => Start(run.Phase, attempt, with),
            (true, _) => new ProcessEvent.RestartScheduled(attempt, with.Now + policy.Delay(attempt, with.Chance), attempt >= RestartPolicy.CrashLoopAfter),
            _ => new ProcessEvent.Ended(failed, what),
        };
    }

    /// <summary>Trying again changes nothing until somebody changes the job or the host.</summary>
    private static bool IsLasting(StartFailureCode code) => code is not (StartFailureCode.RuntimeFailed or StartFailureCode.RuntimeMissing or StartFailureCode.DiskFull or StartFailureCode.HostNotPrepared
        or StartFailureCode.Superseded);

    private static bool IsNew(ProcessRun? run, Assignment wanted) => run is null || run.Digest != wanted.Digest || run.Restarts < wanted.Restarts;

    private static SandboxPhase FirstPhase(Circumstances with) => with.Wanted.Spec.Hooks.PreStart is null ? SandboxPhase.Main : SandboxPhase.PreStart;

    private static ProcessEvent Stopped(Circumstances with) => new ProcessEvent.Stopped(with.Wanted.Generation, with.Wanted.Version);
}
