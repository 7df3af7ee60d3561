using System.Collections.Immutable;
using Fleet.Hosts;
using Fleet.Processes;

namespace Fleet.Actors.Hosts;

/// <summary>The grants that the host holds begin and end by its own clock, also while it is cut off: then it looks again at what depends on them.</summary>
public sealed partial class HostActor
{
    private readonly Alarm alarm;

    private sealed record GrantsChange
    {
        public static readonly GrantsChange Now = new();
    }

    private void LookAtGrants()
    {
        var now = Recorder.Now;
        var events = State.Grants.Over(now).ToImmutableArray<HostEvent>();
        var concerned = State.Assigned.Keys.Where(p => State.Grants.Held.Values.Any(grant => grant.Content.Id == p.Job)).ToList();
        Record(events, Recorder.Observed(agent.Story, LastEvent), Recorder.Host, () =>
        {
            concerned.ForEach(process => Tell(process, default));
            WakeForGrants(now);
        });
    }

    /// <param name="decided">As of when the grants were looked at: what has changed since is looked at again at once.</param>
    private void WakeForGrants(DateTimeOffset decided) => alarm.Set(State.Grants.NextChange(decided));

    /// <summary>The processes to which events about grants make a difference, as far as they are assigned already.</summary>
    private IEnumerable<ProcessId> Concerned(ImmutableArray<HostEvent> events)
    {
        var jobs = events.Select(e => e switch
        {
            HostEvent.GrantGiven given => given.Grant,
            HostEvent.GrantTaken taken => State.Grants.Held[taken.Grant],
            _ => null,
        }).Select(grant => grant?.Content.Id).ToHashSet();
        return State.Assigned.Keys.Where(process => jobs.Contains(process.Job));
    }
}
