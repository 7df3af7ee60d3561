using System.Collections.Immutable;
using Fleet.Grants;
using Fleet.Jobs;
using Fleet.Ledger;
using Fleet.Processes;

namespace Fleet.Hosts;

public abstract record HostEvent : FleetEvent
{
    private HostEvent()
    {
    }

    /// <summary>The job's slice of sub-ids, its own until it is given back.</summary>
    [StoredName("host.slice_assigned.v1")]
    public sealed record SliceAssigned(JobId Job, int Slice) : HostEvent;

    /// <summary>Of a stopped job, so that another can have the slice: nothing that its ids own is left on the host.</summary>
    [StoredName("host.slice_returned.v1")]
    public sealed record SliceReturned(JobId Job, int Slice) : HostEvent;

    /// <summary>From now on an older desired state is not followed.</summary>
    [StoredName("host.desired_accepted.v1")]
    public sealed record DesiredAccepted(long Number) : HostEvent;

    [StoredName("host.process_assigned.v1")]
    public sealed record ProcessAssigned(Assignment Assignment) : HostEvent;

    [StoredName("host.process_unassigned.v1")]
    public sealed record ProcessUnassigned(ProcessId Process, long Generation) : HostEvent;

    /// <summary>Nothing of an unassigned process is left.</summary>
    [StoredName("host.process_removed.v1")]
    public sealed record ProcessRemoved(ProcessId Process) : HostEvent;

    /// <summary>Stored contents that no version of a job names. Written before they are removed, and again where a kill came between.</summary>
    [StoredName("host.contents_removed.v1")]
    public sealed record ContentsRemoved(ImmutableArray<Digest> Contents) : HostEvent;

    /// <summary>Within its window, processes of this very content may be started with what it grants.</summary>
    [StoredName("host.grant_given.v1")]
    public sealed record GrantGiven(JobGrant Grant) : HostEvent;

    /// <summary>Nothing is started by it any more.</summary>
    [StoredName("host.grant_taken.v1")]
    public sealed record GrantTaken(GrantId Grant, GrantLoss Why) : HostEvent;

    [StoredName("host.agent_started.v1")]
    public sealed record AgentStarted(string Version, int Pid, Guid BootId) : HostEvent;

    [StoredName("host.agent_stopped.v1")]
    public sealed record AgentStopped(string Why) : HostEvent;
}
