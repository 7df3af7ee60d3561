using System.Collections.Immutable;
using System.Diagnostics;
using Fleet.Grants;
using Fleet.Jobs;
using Fleet.Ledger;
using Fleet.Privileges;
using Fleet.Processes;

namespace Fleet.Hosts;

/// <summary>What a host was told, as folding its stream gives it.</summary>
/// <param name="Assigned">What it shall do for each process.</param>
/// <param name="Leaving">Processes that are no longer assigned but not yet gone: they are stopped and then forgotten.</param>
/// <param name="Slices">Each job's slice of sub-ids; kept while it is stopped or away, because its folders stay, until another job needs it.</param>
/// <param name="Used">The jobs with a slice, in the order in which they were last told anything.</param>
/// <param name="Desired">The number of the newest desired state that it was given.</param>
public sealed record HostState(
    ImmutableDictionary<ProcessId, Assignment> Assigned, ImmutableDictionary<ProcessId, Assignment> Leaving, ImmutableDictionary<JobId, int> Slices,
    ImmutableList<JobId> Used, long Desired)
{
    /// <summary>The grants for jobs that it was given.</summary>
    public HostGrants Grants { get; init; } = HostGrants.None;

    /// <summary>Jobs that could write outside of their own folders, by a volume that was granted: what their ids own there nobody finds, so their slices stay theirs.</summary>
    public ImmutableHashSet<JobId> Outside { get; init; } = [];

    public static readonly HostState Empty = new(
        ImmutableDictionary<ProcessId, Assignment>.Empty, ImmutableDictionary<ProcessId, Assignment>.Empty, ImmutableDictionary<JobId, int>.Empty, [], 0);

    /// <summary>Those whose slice could be given back as far as the host was told, the longest unused first: no process of them shall run or is leaving.</summary>
    public IEnumerable<SliceOf> Idle => Used.Where(IsIdle).Select(job => new SliceOf(job, Slices[job]));

    private bool IsIdle(JobId job) => IsStopped(job) && !Outside.Contains(job);

    internal bool IsStopped(JobId job) => !Leaving.Keys.Any(p => p.Job == job) && !Assigned.Values.Any(a => a.Process.Job == job && a.Run);

    /// <exception cref="UnreachableException">The event cannot follow this state.</exception>
    public static HostState Evolve(HostState host, HostEvent @event) => @event switch
    {
        HostEvent.SliceAssigned e when !host.Slices.ContainsValue(e.Slice) => host with { Slices = host.Slices.Add(e.Job, e.Slice), Used = host.Used.Add(e.Job) },
        HostEvent.SliceReturned e when host.Idle.Contains(new SliceOf(e.Job, e.Slice)) => host with
        {
            Slices = host.Slices.Remove(e.Job), Used = host.Used.Remove(e.Job),
            Assigned = host.Assigned.SetItems(host.Assigned.Where(a => a.Key.Job == e.Job).Select(a => KeyValuePair.Create(a.Key, a.Value with { Slice = Assignment.NoSlice }))),
        },
        HostEvent.DesiredAccepted e when e.Number > host.Desired => host with { Desired = e.Number },
        HostEvent.ProcessAssigned e => host with
        {
            Assigned = host.Assigned.SetItem(e.Assignment.Process, e.Assignment), Leaving = host.Leaving.Remove(e.Assignment.Process),
            Used = host.Slices.ContainsKey(e.Assignment.Process.Job) ? host.Used.Remove(e.Assignment.Process.Job).Add(e.Assignment.Process.Job) : host.Used,
            Grants = host.Assigned.TryGetValue(e.Assignment.Process, out var before) && before.Version != e.Assignment.Version
                ? host.Grants.Forget(e.Assignment.Process.Job)
                : host.Grants,
            Outside = PrivilegeSet.Of(e.Assignment.Process.Job, e.Assignment.Spec).Members.Any(p => p is Privilege.UnrestrictedVolume { Writable: true })
                ? host.Outside.Add(e.Assignment.Process.Job)
                : host.Outside,
        },
        HostEvent.ProcessUnassigned e when host.Assigned.TryGetValue(e.Process, out var assignment) => host with
        {
            Assigned = host.Assigned.Remove(e.Process), Leaving = host.Leaving.Add(e.Process, assignment with { Run = false, Generation = e.Generation }),
        },
        HostEvent.ProcessRemoved e when host.Leaving.ContainsKey(e.Process) => host with
        {
            Leaving = host.Leaving.Remove(e.Process),
            Grants = host.Assigned.Keys.Concat(host.Leaving.Keys).Any(p => p.Job == e.Process.Job && p != e.Process) ? host.Grants : host.Grants.Forget(e.Process.Job),
        },
        HostEvent.GrantGiven or HostEvent.GrantTaken => host with { Grants = host.Grants.Evolve(@event) },
        HostEvent.ContentsRemoved or HostEvent.AgentStarted or HostEvent.AgentStopped => host,
        _ => throw new UnreachableException($"{EventCatalog.NameOf(@event)} cannot follow this state of the host"),
    };
}

/// <summary>The host's state as a snapshot stores it: lists, because JSON has no keys but strings.</summary>
/// <param name="Slices">In the order of <see cref="HostState.Used"/>.</param>
/// <param name="Grants">Those that it holds; null, as the next two: none, before there were any.</param>
/// <param name="EndedGrants">In the order of <see cref="HostGrants.Ended"/>.</param>
public sealed record HostSnapshot(
    ImmutableArray<Assignment> Assigned, ImmutableArray<Assignment> Leaving, ImmutableArray<SliceOf> Slices, long Desired = 0,
    ImmutableArray<JobGrant>? Grants = null, ImmutableArray<EndedGrant>? EndedGrants = null, ImmutableArray<JobId>? Outside = null)
{
    public static HostSnapshot Of(HostState host) => new(
        [.. host.Assigned.Values], [.. host.Leaving.Values], [.. host.Used.Select(job => new SliceOf(job, host.Slices[job]))], host.Desired,
        [.. host.Grants.Held.Values], [.. host.Grants.Ended], [.. host.Outside]);

    public HostState ToState() => new(
        Assigned.ToImmutableDictionary(a => a.Process), Leaving.ToImmutableDictionary(a => a.Process), Slices.ToImmutableDictionary(s => s.Job, s => s.Slice),
        [.. Slices.Select(s => s.Job)], Desired)
    {
        Grants = new HostGrants((Grants ?? []).ToImmutableDictionary(grant => grant.Id), [.. EndedGrants ?? []]),
        Outside = [.. Outside ?? []],
    };
}

public sealed record SliceOf(JobId Job, int Slice);

/// <summary>Decides what a desired state changes on a host. Pure.</summary>
public static class HostDecider
{
    /// <summary>
    /// New and changed processes are assigned, those that stand no longer there are unassigned. Desired states may come late or twice: an older one is
    /// not followed at all, and a job of which the host has the same generation or a newer one is left as it is. A job for which no slice is free
    /// waits (<see cref="Waiting"/>), and one that is not to run gets none.
    /// </summary>
    /// <param name="slices">How many the host's sub-ids hold.</param>
    public static ImmutableArray<HostEvent> Decide(HostState host, DesiredState desired, int slices, DateTimeOffset now)
    {
        if (desired.Number < host.Desired)
        {
            return [];
        }

        var events = ImmutableArray.CreateBuilder<HostEvent>();
        if (desired.Number > host.Desired)
        {
            events.Add(new HostEvent.DesiredAccepted(desired.Number));
        }

        // First, for a new content of a job forgets what ended before it.
        events.AddRange(host.Grants.Follow(desired, now));
        var state = host;
        foreach (var job in desired.Jobs)
        {
            foreach (var @event in Decide(state, job, slices))
            {
                events.Add(@event);
                state = HostState.Evolve(state, @event);
            }
        }

        var jobs = desired.Jobs.Select(j => j.Spec.Id).ToHashSet();
        events.AddRange(host.Assigned.Values.Where(a => !jobs.Contains(a.Process.Job)).Select(a => new HostEvent.ProcessUnassigned(a.Process, a.Generation)));
        return events.ToImmutable();
    }

    /// <summary>Jobs that shall run and have no slice.</summary>
    public static IEnumerable<DesiredJob> Waiting(HostState host, DesiredState desired) =>
        desired.Number < host.Desired ? [] : desired.Jobs.Where(j => j.Run && !host.Slices.ContainsKey(j.Spec.Id));

    private static IEnumerable<HostEvent> Decide(HostState host, DesiredJob job, int slices)
    {
        var had = host.Assigned.Values.Where(a => a.Process.Job == job.Spec.Id).ToList();
        if (had.Exists(a => a.Generation >= job.Generation))
        {
            yield break;
        }

        var slice = host.Slices.TryGetValue(job.Spec.Id, out var known) ? known : Assignment.NoSlice;
        if (slice == Assignment.NoSlice && job.Run)
        {
            slice = LowestFree(host.Slices.Values);
            if (slice >= slices)
            {
                yield break;
            }

            yield return new HostEvent.SliceAssigned(job.Spec.Id, slice);
        }

        if (slice == Assignment.NoSlice && had.Count == 0)
        {
            yield break;
        }

        foreach (var spec in job.Spec.Processes)
        {
            yield return new HostEvent.ProcessAssigned(new Assignment(
                new ProcessId(job.Spec.Id, spec.Name), job.Generation, job.Version, JobDigest.Of(job.Spec, spec), spec, job.Spec.Files, job.Run, job.Restarts, slice,
                job.Correlation));
        }

        foreach (var gone in had.Where(a => job.Spec.Find(a.Process.Name) is null))
        {
            yield return new HostEvent.ProcessUnassigned(gone.Process, job.Generation);
        }
    }

    private static int LowestFree(IEnumerable<int> taken)
    {
        var used = taken.ToHashSet();
        return Enumerable.Range(0, used.Count + 1).First(n => !used.Contains(n));
    }
}
