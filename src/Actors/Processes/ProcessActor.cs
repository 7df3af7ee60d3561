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
public sealed record ProcessPorts(ISandboxes Sandboxes, ExitWakeups Exits, IHealthProbes Probes);

/// <summary>
/// Supervises one process: learns, lets <see cref="Supervision"/> decide, records, and performs the one duty that the state now owes.
/// It may be killed between any two lines: what it did is found by the run's id, what it meant to do stands in the journal.
/// </summary>
internal sealed partial class ProcessActor : EventSourced<ProcessState, ProcessEvent>, IWithTimers
{
    /// <summary>Between two looks at a run of which no wake-up came; bounds what a lost wake-up costs.</summary>
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(20);

    private readonly ProcessPorts ports;
    private Assignment wanted;
    private ProcessDuty? performed;

    public ProcessActor(Assignment wanted, Recorder recorder, ProcessPorts ports)
        : base(Streams.Process(recorder.Host, wanted.Process), ProcessState.New, recorder)
    {
        (this.wanted, this.ports) = (wanted, ports);
        Command<Assignment>(assignment =>
        {
            this.wanted = assignment;
            Learn(new ProcessCommand.Reconcile());
        });
        Command<ProcessCommand>(Learn);
        Command<ExitWakeups.Look>(look => Inspect(look.Run));
        Command<ProbeNow>(probe => Ask(probe.Identity));
        Command<Probed>(Count);
        Command<SignalAgain>(again => Signal(again.Duty));
        Command<Status.Failure>(failure => throw failure.Cause);
    }

    /// <summary>Told to the parent after every change, and once after recovery.</summary>
    /// <param name="Run">The run of which anything may be left on the host.</param>
    public sealed record Report(ProcessId Process, long Generation, ProcessStatus Status, RunId? Run);

    private sealed record SignalAgain(ProcessDuty.Signal Duty);

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(Assignment wanted, Recorder recorder, ProcessPorts ports) =>
        Akka.Actor.Props.Create(() => new ProcessActor(wanted, recorder, ports));

    protected override ProcessState Evolve(ProcessState state, ProcessEvent @event, Envelope envelope) =>
        ProcessState.Evolve(state, @event, envelope.OccurredAt);

    protected override object ToSnapshot(ProcessState state) => state;

    protected override ProcessState FromSnapshot(object snapshot) => (ProcessState)snapshot;

    protected override Outcome OutcomeOf(ProcessEvent @event) => @event switch
    {
        ProcessEvent.StartFailed or ProcessEvent.Lost or ProcessEvent.Ended { Failed: true } => Outcome.Failed,
        ProcessEvent.Exited { Exit.Code: not 0 } => Outcome.Failed,
        _ => Outcome.Succeeded,
    };

    protected override void Recovered()
    {
        FleetMeter.Running.Add(State is ProcessState.Running ? 1 : 0);
        Learn(new ProcessCommand.Reconcile());
    }

    protected override void PostStop()
    {
        if (RunOf(State) is { } run)
        {
            ports.Exits.Forget(run.Id);
        }

        FleetMeter.Running.Add(State is ProcessState.Running ? -1 : 0);
        base.PostStop();
    }

    private void Learn(ProcessCommand command)
    {
        var before = State;
        var now = Recorder.Now;
        var events = Supervision.Decide(State, command, new Circumstances(wanted, now, Guid.CreateVersion7(now), Random.Shared.NextDouble()));
        var cause = Recorder.Observed(wanted.Correlation, LastEvent == Guid.Empty ? wanted.Correlation : LastEvent) with { At = now };
        Record(events, cause, wanted.Process.ToString(), () =>
        {
            CleanUp(before);
            Measure(before, State);
            // First the report, then the act: whoever finds a run on the host has then been told whose it is.
            Context.Parent.Tell(new Report(wanted.Process, wanted.Generation, ProcessView.Of(State, wanted), RunOf(State)?.Id));
            Perform(ProcessDuty.Of(State));
        });
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
        switch (duty)
        {
            case ProcessDuty.StartSandbox d:
                Start(d.Run);
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

    private void Start(ProcessRun run)
    {
        if (run.Digest == wanted.Digest && wanted.Run)
        {
            StartSandbox(run);
        }
        else
        {
            Supersede(run).PipeTo(Self, success: outcome => new ProcessCommand.StartAnswered(run.Id, outcome));
        }
    }

    // The agent was killed after the intent, and something else is wanted by now: what runs already is taken up (and then replaced or stopped by its
    // ladder), what does not is never begun, for it would run with another version's specification.
    private async Task<StartOutcome> Supersede(ProcessRun run)
    {
        if (await ports.Sandboxes.Inspect(run.Id) is SandboxView.Running running)
        {
            return new StartOutcome.Started(running.Identity);
        }

        await ports.Sandboxes.Remove(run.Id);
        return new StartOutcome.Failed(new StartFailure(StartFailureCode.Superseded, "another version, or a stop, was asked for before it was started"));
    }

    private void StartSandbox(ProcessRun run)
    {
        var span = FleetMeter.Activities.StartActivity("sandbox.start");
        span?.SetTag("fleet.process", wanted.Process.ToString()).SetTag("fleet.run", run.Id.ToString()).SetTag("fleet.correlation", wanted.Correlation.ToString());
        var began = Stopwatch.GetTimestamp();
        var request = new SandboxRequest(run.Id, wanted.Process, wanted.Spec, run.Phase, wanted.Slice, wanted.Files);
        ports.Sandboxes.Start(request, CancellationToken.None).PipeTo(Self, success: outcome =>
        {
            FleetMeter.StartDuration.Record(Stopwatch.GetElapsedTime(began).TotalSeconds);
            span?.SetTag("fleet.outcome", outcome.GetType().Name).Dispose();
            FleetMeter.Starts.Add(1, new KeyValuePair<string, object?>("outcome", outcome is StartOutcome.Started ? "started" : "failed"));
            return new ProcessCommand.StartAnswered(run.Id, outcome);
        });
    }

    private void Watch(SandboxIdentity identity)
    {
        ports.Exits.Expect(identity.Run, Self);
        Timers.StartPeriodicTimer("look", new ExitWakeups.Look(identity.Run), LookEvery);
        Inspect(identity.Run);
    }

    private void Inspect(RunId run) => ports.Sandboxes.Inspect(run).PipeTo(Self, success: view => new ProcessCommand.Seen(run, view));

    // The last rung has no successor: should KILL itself be lost with its sender, it is repeated until the end is seen.
    private void Signal(ProcessDuty.Signal duty)
    {
        ports.Sandboxes.Signal(duty.Identity, duty.With);
        if (duty.NextAt is { } next)
        {
            Timers.StartSingleTimer("rung", new ProcessCommand.RungOver(duty.Identity.Run, duty.Rung), Until(next));
        }
        else
        {
            Timers.StartSingleTimer("rung", new SignalAgain(duty), TimeSpan.FromSeconds(5));
        }
    }

    // Only after its end is on disk may a run's remains go: until then they are the only record of it.
    private void CleanUp(ProcessState before)
    {
        if (RunOf(before) is not { } ended || RunOf(State)?.Id == ended.Id)
        {
            return;
        }

        ports.Exits.Forget(ended.Id);
        var log = Context.GetLogger();
        ports.Sandboxes.Remove(ended.Id).ContinueWith(
            done => log.Warning("what is left of {0} could not be removed: {1}", ended.Id, done.Exception!.GetBaseException().Message),
            TaskContinuationOptions.OnlyOnFaulted);
    }

    private void Measure(ProcessState before, ProcessState after)
    {
        FleetMeter.Running.Add((after is ProcessState.Running ? 1 : 0) - (before is ProcessState.Running ? 1 : 0));
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
