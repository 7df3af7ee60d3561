using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;
using Fleet.Actors.Ledger;
using Fleet.Actors.Processes;
using Fleet.Hosts;
using Fleet.Ledger;
using Fleet.Processes;
using Fleet.Sandboxes;
using Envelope = Fleet.Ledger.Envelope;

namespace Fleet.Actors.Hosts;

/// <summary>
/// A host: keeps what control wants of it, with one <see cref="ProcessActor"/> per process, and says up the link what became of each.
/// Cut off from control it goes on with what it was last told.
/// </summary>
public sealed partial class HostActor : EventSourced<HostState, HostEvent>, IWithTimers
{
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Repeat = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan SweepEvery = TimeSpan.FromMinutes(5);

    private readonly IHostLink link;
    private readonly ProcessPorts ports;
    private readonly AgentRun agent;
    private readonly Dictionary<ProcessId, IActorRef> actors = [];
    private readonly Dictionary<ProcessId, ProcessActor.Report> reports = [];
    private readonly List<IActorRef> waitingForReady = [];
    private bool swept;

    public HostActor(Recorder recorder, IHostLink link, ProcessPorts ports, AgentRun agent)
        : base(Streams.Host(recorder.Host), HostState.Empty, recorder)
    {
        (this.link, this.ports, this.agent, alarm) = (link, ports, agent, new Alarm(recorder.Time, Self, GrantsChange.Now));
        Command<DesiredState>(Desire);
        Command<SliceReturn>(Returned);
        Command<ProcessActor.Report>(Heard);
        Command<ListProcesses>(_ => Sender.Tell(List()));
        Command<WhenReady>(_ => AnswerWhenReady(Sender));
        Command<RemoveContents>(remove => Removing(remove, Sender));
        Command<StopAgent>(stop => Stopping(stop, Sender));
        Command<Terminated>(dead => Lost(dead.ActorRef));
        Command<SayAll>(_ =>
        {
            reports.Values.ToList().ForEach(Say);
            SayWaiting();
        });
        Command<GrantsChange>(_ => LookAtGrants());
        Command<Revive>(revive => Tell(revive.Process, default));
        Command<SweepNow>(_ => ports.Sandboxes.List().PipeTo(Self));
        Command<ImmutableArray<RunId>>(Sweep);
        Command<Status.Failure>(failure => Context.GetLogger().Warning("the sandboxes could not be listed: {0}", failure.Cause.Message));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override int SnapshotEvery => 1000;

    private sealed record Revive(ProcessId Process);

    private sealed record SayAll;

    private sealed record SweepNow;

    public static Props Props(Recorder recorder, IHostLink link, ProcessPorts ports, AgentRun agent) =>
        Akka.Actor.Props.Create(() => new HostActor(recorder, link, ports, agent));

    protected override HostState Evolve(HostState state, HostEvent @event, Envelope envelope) => HostState.Evolve(state, @event);

    protected override object ToSnapshot(HostState state) => HostSnapshot.Of(state);

    protected override HostState FromSnapshot(object snapshot) => ((HostSnapshot)snapshot).ToState();

    protected override void Recovered()
    {
        var now = Recorder.Now;
        Record(
            [new HostEvent.AgentStarted(agent.Version, agent.Pid, agent.BootId), .. State.Grants.Over(now)],
            Recorder.Observed(agent.Story, agent.Story),
            Recorder.Host,
            () =>
            {
                State.Assigned.Keys.Concat(State.Leaving.Keys).ToList().ForEach(process => Tell(process, default));
                SweepWhenAllReported();
                WakeForGrants(now);
                Timers.StartPeriodicTimer("say", new SayAll(), Repeat);
            });
    }

    protected override void PostStop()
    {
        alarm.Dispose();
        base.PostStop();
    }

    // A supervisor that threw is stopped, not restarted in place: that would bring back the assignment it was created with. Revive gives it the newest.
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Stop);

    private void Heard(ProcessActor.Report report)
    {
        if (!State.Assigned.ContainsKey(report.Process) && !State.Leaving.ContainsKey(report.Process))
        {
            return; // Said before it was stopped, heard after it was forgotten.
        }

        reports[report.Process] = report;
        if (State.Leaving.ContainsKey(report.Process) && report.Status.Phase == ProcessPhase.Stopped)
        {
            Forget(report);
        }
        else
        {
            Say(report);
        }

        SweepWhenAllReported();
        LookAgain(report.Process.Job);
    }

    private void Say(ProcessActor.Report report)
    {
        if (!waiting.ContainsKey(report.Process.Job))
        {
            link.Up(new Observation(Recorder.Host, report.Process, report.Generation, report.Status));
        }
    }

    private void Forget(ProcessActor.Report report) => Record(
        [new HostEvent.ProcessRemoved(report.Process)],
        Recorder.Observed(agent.Story, LastEvent),
        report.Process.ToString(),
        () =>
        {
            if (actors.Remove(report.Process, out var actor))
            {
                Context.Unwatch(actor);
                Context.Stop(actor);
            }

            reports.Remove(report.Process);
            link.Up(new Observation(Recorder.Host, report.Process, report.Generation, report.Status, Removed: true));
        });

    // A process's actor stops when the journal failed it; the process itself goes on, and the actor takes it up again.
    private void Lost(IActorRef dead)
    {
        var process = actors.First(a => a.Value.Equals(dead)).Key;
        actors.Remove(process);
        Context.GetLogger().Warning("the supervisor of {0} stopped after a failure; starting it again", process);
        Timers.StartSingleTimer($"revive {process}", new Revive(process), Again);
    }

    /// <summary>
    /// Once every process has said which run is its own (also one whose supervisor cannot recover: what it runs is not over), what else lies in the agent's folder belongs to runs that were recorded as ended, or to a
    /// journal newer than this one (a restored backup): nobody wants them, so they are ended and removed.
    /// </summary>
    private void SweepWhenAllReported()
    {
        if (swept || reports.Count < State.Assigned.Count + State.Leaving.Count)
        {
            return;
        }

        swept = true;
        Timers.StartPeriodicTimer("sweep", new SweepNow(), TimeSpan.Zero, SweepEvery);
        waitingForReady.ForEach(asker => asker.Tell(Ready.Instance));
        waitingForReady.Clear();
    }

    private void Sweep(ImmutableArray<RunId> found)
    {
        var known = reports.Values.Select(r => r.Run).OfType<RunId>().ToHashSet();
        foreach (var run in found.Where(run => !known.Contains(run)))
        {
            Context.GetLogger().Warning("removing what is left of {0}, a run that is over", run);
            var log = Context.GetLogger();
            ports.Sandboxes.Remove(run).ContinueWith(
                done => log.Warning("what is left of {0} could not be removed: {1}; the next sweep tries again", run, done.Exception!.GetBaseException().Message),
                TaskContinuationOptions.OnlyOnFaulted);
        }
    }

    private void AnswerWhenReady(IActorRef asker)
    {
        if (swept)
        {
            asker.Tell(Ready.Instance);
        }
        else
        {
            waitingForReady.Add(asker);
        }
    }

    private void Stopping(StopAgent stop, IActorRef asker) => Record(
        [new HostEvent.AgentStopped(stop.Why)],
        Recorder.Observed(agent.Story, LastEvent),
        Recorder.Host,
        () => asker.Tell(Ready.Instance),
        _ => asker.Tell(Ready.Instance));

    private void Removing(RemoveContents remove, IActorRef asker) => Record(
        [new HostEvent.ContentsRemoved(remove.Contents)], Recorder.Observed(agent.Story, LastEvent), Recorder.Host, () => asker.Tell(Ready.Instance));

    private ImmutableArray<HostedProcess> List() =>
        [.. State.Assigned.Values.Concat(State.Leaving.Values)
            .Where(a => reports.ContainsKey(a.Process))
            .OrderBy(a => a.Process.ToString(), StringComparer.Ordinal)
            .Select(a => new HostedProcess(a, reports[a.Process].Status))];
}
