using System.Diagnostics;
using Akka.Actor;
using Akka.Event;
using Fleet.Actors.Processes;
using Fleet.Actors.Telemetry;
using Fleet.Hosts;
using Fleet.Ledger;
using Fleet.Processes;

namespace Fleet.Actors.Hosts;

/// <summary>Follows what control wants: decides what it changes here, records that, and tells the supervisors of the processes it touches.</summary>
public sealed partial class HostActor
{
    private void Desire(DesiredState desired)
    {
        if (desired.Number < Math.Max(State.Desired, newest.Number))
        {
            Context.GetLogger().Warning(
                "desired state {0} is older than {1}, which this host follows, and is ignored; if control was restored from a backup, restore it newer",
                desired.Number, Math.Max(State.Desired, newest.Number));
            return;
        }

        newest = desired;
        var now = Recorder.Now;

        // A job whose slice may be just being given back must not start meanwhile; Returned follows what is left out here. All others go on.
        var events = HostDecider.Decide(State, desired, ports.Sandboxes.Slices, now).RemoveAll(e => ProcessOf(e) is { } process && search.Searched.Contains(process.Job));
        var touched = events.Select(ProcessOf).OfType<ProcessId>().Union(Concerned(events)).ToList();
        var leading = Leading(desired, touched);
        var asking = CauseOf(leading);
        var span = events.IsEmpty ? null : Spans.Begin(Spans.HostAssign, asking, PersistenceId);
        var cause = asking.Under(span);
        Record(
            events,
            cause,
            Recorder.Host,
            () =>
            {
                touched.ForEach(process => Tell(process, process.Job == leading?.Spec.Id ? cause.Trace : TraceOf(desired, process)));
                FindSlices(desired);
                WakeForGrants(now);
                span.End();
            },
            span.End);
    }

    private void Tell(ProcessId process, ActivityContext trace)
    {
        var assignment = State.Assigned.GetValueOrDefault(process) ?? State.Leaving.GetValueOrDefault(process);
        if (assignment is null)
        {
            return;
        }

        var follow = new ProcessActor.Follow(assignment, ProcessGrants.Of(State, assignment, () => ports.RootsName() ?? Recorder.Host), trace);
        if (actors.TryGetValue(process, out var actor))
        {
            actor.Tell(follow);
            return;
        }

        actors[process] = Context.Watch(Context.ActorOf(ProcessActor.Props(follow, Recorder, ports)));
    }

    /// <summary>The job whose command the change follows from: of those it touches, and where it touches none, of all.</summary>
    private static DesiredJob? Leading(DesiredState desired, List<ProcessId> touched) =>
        desired.Jobs.Where(j => touched.Exists(p => p.Job == j.Spec.Id)).MaxBy(j => j.Generation) ?? desired.Jobs.MaxBy(j => j.Generation);

    private Cause CauseOf(DesiredJob? job)
    {
        var story = job?.Correlation ?? agent.Story;
        return Recorder.Observed(story, story) with { Trace = job?.Trace ?? default };
    }

    private static ActivityContext TraceOf(DesiredState desired, ProcessId process) => desired.Jobs.FirstOrDefault(j => j.Spec.Id == process.Job)?.Trace ?? default;

    private static ProcessId? ProcessOf(HostEvent @event) => @event switch
    {
        HostEvent.ProcessAssigned e => e.Assignment.Process,
        HostEvent.ProcessUnassigned e => e.Process,
        _ => null,
    };
}
