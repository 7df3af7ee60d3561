using System.Diagnostics;
using Akka.Actor;
using Akka.Event;
using Fleet.Actors.Ledger;
using Fleet.Actors.Sandboxes;
using Fleet.Actors.Telemetry;
using Fleet.Hosts;
using Fleet.Ledger;
using Fleet.Processes;
using Fleet.Sandboxes;
using Envelope = Fleet.Ledger.Envelope;

namespace Fleet.Actors.Processes;

/// <summary>The ends of the world that a process's supervisor uses.</summary>
/// <param name="RootsName">What root calls this host, as grants do; null: it has not said.</param>
public sealed record ProcessPorts(ISandboxes Sandboxes, ExitWakeups Exits, IHealthProbes Probes, Func<string?> RootsName);

/// <summary>
/// Supervises one process: learns, lets <see cref="Supervision"/> decide, records, and performs the one duty that the state now owes.
/// It may be killed between any two lines: what it did is found by the run's id, what it meant to do stands in the journal.
/// </summary>
internal sealed partial class ProcessActor : EventSourced<ProcessState, ProcessEvent>, IWithTimers
{
    /// <summary>Between two looks at a run of which no wake-up came; bounds what a lost wake-up costs.</summary>
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(20);

    /// <summary>What could not be done may be possible in a moment: a root helper that was killed is back by then.</summary>
    private static readonly TimeSpan TryEvery = TimeSpan.FromSeconds(1);

    private readonly ProcessPorts ports;
    private Assignment wanted;
    private ProcessGrants grants;
    private ProcessDuty? performed;
    private bool counted;

    public ProcessActor(Follow first, Recorder recorder, ProcessPorts ports)
        : base(Streams.Process(recorder.Host, first.Assignment.Process), ProcessState.New, recorder)
    {
        (wanted, grants, trace, this.ports) = (first.Assignment, first.Grants, first.Trace, ports);
        Command<Follow>(follow =>
        {
            (wanted, grants) = (follow.Assignment, follow.Grants);
            Learn(new ProcessCommand.Reconcile(), follow.Trace);
        });
        Command<ProcessCommand>(command => Learn(command, trace));
        Command<ExitWakeups.Look>(look => Inspect(look.Run));
        Command<ProbeNow>(probe => Ask(probe.Identity));
        Command<Probed>(Count);
        Command<Tried>(Retry);
        Command<Again>(again => Do(again.Duty));
        Command<Status.Failure>(failure => throw failure.Cause);
    }

    /// <summary>What is wanted from now on, what it may have for that, and the span in which it came to be.</summary>
    public sealed record Follow(Assignment Assignment, ProcessGrants Grants, ActivityContext Trace);

    /// <summary>Told to the parent after every change, and once after recovery.</summary>
    /// <param name="Run">The run of which anything may be left on the host.</param>
    public sealed record Report(ProcessId Process, long Generation, ProcessStatus Status, RunId? Run);

    private sealed record Tried(ProcessDuty Duty, RunId Run, string? Failure);

    private sealed record Again(ProcessDuty Duty);

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(Follow first, Recorder recorder, ProcessPorts ports) =>
        Akka.Actor.Props.Create(() => new ProcessActor(first, recorder, ports));

    protected override ProcessState Evolve(ProcessState state, ProcessEvent @event, Envelope envelope) =>
        ProcessState.Evolve(state, @event, envelope.OccurredAt);

    protected override object ToSnapshot(ProcessState state) => state;

    protected override ProcessState FromSnapshot(object snapshot) => (ProcessState)snapshot;

    protected override Outcome OutcomeOf(ProcessEvent @event) => @event switch
    {
        ProcessEvent.StartFailed or ProcessEvent.Lost or ProcessEvent.Ended { Failed: true } => Outcome.Failed,
        ProcessEvent.Exited { Exit.Code: not 0 } or ProcessEvent.KernelDiffers { Difference: not null } or ProcessEvent.Hindered { Why: not null } => Outcome.Failed,
        ProcessEvent.NotPermitted => Outcome.Refused,
        _ => Outcome.Succeeded,
    };

    protected override void Recovered()
    {
        counted = true;
        FleetMeter.Run(State is ProcessState.Running ? 1 : 0);
        var asked = trace;
        trace = default;
        Learn(new ProcessCommand.Reconcile(), asked);
    }

    protected override void PostStop()
    {
        if (RunOf(State) is { } run)
        {
            ports.Exits.Forget(run.Id);
        }

        stopping.End("its supervisor ended first");
        FleetMeter.Run(counted && State is ProcessState.Running ? -1 : 0); // A recovery that failed may have come to Running, but was not counted.
        base.PostStop();
    }

    private void Learn(ProcessCommand command, ActivityContext parent)
    {
        var before = State;
        var now = Recorder.Now;
        var events = Supervision.Decide(State, command, new Circumstances(wanted, now, Guid.CreateVersion7(now), Random.Shared.NextDouble(), grants.At(now)));
        var cause = Recorder.Observed(wanted.Correlation, LastEvent == Guid.Empty ? wanted.Correlation : LastEvent) with { At = now, Trace = parent };
        var span = events.IsEmpty ? null : Spans.Begin(SpanOf(command), cause, PersistenceId);
        cause = cause.Under(span);
        Record(
            events,
            cause,
            wanted.Process.ToString(),
            () =>
            {
                CleanUp(before);
                Measure(before, State);
                // First the report, then the act: whoever finds a run on the host has then been told whose it is.
                Context.Parent.Tell(new Report(wanted.Process, wanted.Generation, ProcessView.Of(State, wanted), RunOf(State)?.Id));
                GoOnIn(cause.Trace, news: !events.IsEmpty);
                Perform(ProcessDuty.Of(State));
                span.End();
            },
            span.End);
    }

    private void Perform(ProcessDuty duty)
    {
        // A wake-up is armed again each time: the timer may have fired a little before the wall clock came to its time, or the clock was set back.
        if (duty.Equals(performed) && duty is not ProcessDuty.WakeAt)
        {
            return;
        }

        performed = duty;
        Timers.CancelAll();
        Do(duty);
    }

    private void Do(ProcessDuty duty)
    {
        switch (duty)
        {
            case ProcessDuty.StartSandbox d:
                Start(d);
                break;
            case ProcessDuty.Watch d:
                Watch(d.Identity);
                health = default;
                ProbeLater(d);
                break;
            case ProcessDuty.Signal d:
                Watch(d.Identity);
                Signal(d);
                break;
            case ProcessDuty.WakeAt d:
                Timers.StartSingleTimer("restart", new ProcessCommand.RestartDue(), Until(d.At));
                break;
            case ProcessDuty.Nothing:
                break;
            default:
                throw new UnreachableException($"{duty.GetType()} is not a duty");
        }
    }

    private void Watch(SandboxIdentity identity)
    {
        ports.Exits.Expect(identity.Run, Self);
        Timers.StartPeriodicTimer("look", new ExitWakeups.Look(identity.Run), LookEvery);
        Inspect(identity.Run);
    }

    private void Inspect(RunId run) => ports.Sandboxes.Inspect(run).PipeTo(Self, success: view => new ProcessCommand.Seen(run, view));

    // Only after its end is on disk may a run's remains go: until then they are the only record of it.
    private void CleanUp(ProcessState before)
    {
        if (RunOf(before) is not { } ended || RunOf(State)?.Id == ended.Id)
        {
            return;
        }

        ports.Exits.Forget(ended.Id);
        stopping.End();
        stopping = null;
        var log = Context.GetLogger();
        ports.Sandboxes.Remove(ended.Id).ContinueWith(
            done => log.Warning("what is left of {0} could not be removed: {1}", ended.Id, done.Exception!.GetBaseException().Message),
            TaskContinuationOptions.OnlyOnFaulted);
    }

    private void Measure(ProcessState before, ProcessState after)
    {
        FleetMeter.Run((after is ProcessState.Running ? 1 : 0) - (before is ProcessState.Running ? 1 : 0));
        if (RunOf(before) is { } ended && RunOf(after)?.Id != ended.Id)
        {
            FleetMeter.Exits.Add(1, new KeyValuePair<string, object?>("oom", after.LastExit?.OomKilled ?? false));
        }
    }

    private TimeSpan Until(DateTimeOffset at) => at > Recorder.Now ? at - Recorder.Now : TimeSpan.Zero;

    private static ProcessRun? RunOf(ProcessState state) => state switch
    {
        ProcessState.Starting s => s.Run,
        ProcessState.Running s => s.Run,
        ProcessState.Stopping s => s.Run,
        _ => null,
    };
}
