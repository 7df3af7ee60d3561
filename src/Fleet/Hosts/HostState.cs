using System.Collections.Immutable;
using System.Diagnostics;
using Fleet.Jobs;
using Fleet.Ledger;
using Fleet.Processes;

namespace Fleet.Hosts;

/// <summary>What a host was told, as folding its stream gives it.</summary>
/// <param name="Assigned">What it shall do for each process.</param>
/// <param name="Leaving">Processes that are no longer assigned but not yet gone: they are stopped and then forgotten.</param>
/// <param name="Slices">Each job's slice of sub-ids; kept when the job leaves, because its folders stay.</param>
/// <param name="Desired">The number of the newest desired state that it was given.</param>
public sealed record HostState(
    ImmutableDictionary<ProcessId, Assignment> Assigned, ImmutableDictionary<ProcessId, Assignment> Leaving, ImmutableDictionary<JobId, int> Slices, long Desired)
{
    public static readonly HostState Empty = new(
        ImmutableDictionary<ProcessId, Assignment>.Empty, ImmutableDictionary<ProcessId, Assignment>.Empty, ImmutableDictionary<JobId, int>.Empty, 0);

    /// <exception cref="UnreachableException">The event cannot follow this state.</exception>
    public static HostState Evolve(HostState host, HostEvent @event) => @event switch
    {
        HostEvent.SliceAssigned e when !host.Slices.ContainsValue(e.Slice) => host with { Slices = host.Slices.Add(e.Job, e.Slice) },
        HostEvent.DesiredAccepted e when e.Number > host.Desired => host with { Desired = e.Number },
        HostEvent.ProcessAssigned e => host with
        {
            Assigned = host.Assigned.SetItem(e.Assignment.Process, e.Assignment), Leaving = host.Leaving.Remove(e.Assignment.Process),
        },
        HostEvent.ProcessUnassigned e when host.Assigned.TryGetValue(e.Process, out var assignment) => host with
        {
            Assigned = host.Assigned.Remove(e.Process), Leaving = host.Leaving.Add(e.Process, assignment with { Run = false, Generation = e.Generation }),
        },
        HostEvent.ProcessRemoved e when host.Leaving.ContainsKey(e.Process) => host with { Leaving = host.Leaving.Remove(e.Process) },
        HostEvent.AgentStarted or HostEvent.AgentStopped => host,
        _ => throw new UnreachableException($"{EventCatalog.NameOf(@event)} cannot follow this state of the host"),
    };
}

/// <summary>The host's state as a snapshot stores it: lists, because JSON has no keys but strings.</summary>
public sealed record HostSnapshot(ImmutableArray<Assignment> Assigned, ImmutableArray<Assignment> Leaving, ImmutableArray<SliceOf> Slices, long Desired = 0)
{
    public static HostSnapshot Of(HostState host) =>
        new([.. host.Assigned.Values], [.. host.Leaving.Values], [.. host.Slices.Select(s => new SliceOf(s.Key, s.Value))], host.Desired);

    public HostState ToState() => new(
        Assigned.ToImmutableDictionary(a => a.Process), Leaving.ToImmutableDictionary(a => a.Process), Slices.ToImmutableDictionary(s => s.Job, s => s.Slice), Desired);
}

public sealed record SliceOf(JobId Job, int Slice);

/// <summary>Decides what a desired state changes on a host. Pure.</summary>
public static class HostDecider
{
    /// <summary>
    /// New and changed processes are assigned, those that stand no longer there are unassigned. Desired states may come late or twice: an older one is
    /// not followed at all, and a job of which the host has the same generation or a newer one is left as it is.
    /// </summary>
    public static ImmutableArray<HostEvent> Decide(HostState host, DesiredState desired)
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

        var state = host;
        foreach (var job in desired.Jobs)
        {
            foreach (var @event in Decide(state, job))
            {
                events.Add(@event);
                state = HostState.Evolve(state, @event);
            }
        }

        var jobs = desired.Jobs.Select(j => j.Spec.Id).ToHashSet();
        events.AddRange(host.Assigned.Values.Where(a => !jobs.Contains(a.Process.Job)).Select(a => new HostEvent.ProcessUnassigned(a.Process, a.Generation)));
        return events.ToImmutable();
    }

    private static IEnumerable<HostEvent> Decide(HostState host, DesiredJob job)
    {
        var had = host.Assigned.Values.Where(a => a.Process.Job == job.Spec.Id).ToList();
        if (had.Exists(a => a.Generation >= job.Generation))
        {
            yield break;
        }

        var slice = host.Slices.TryGetValue(job.Spec.Id, out var known) ? known : LowestFree(host.Slices.Values);
        if (slice != known || !host.Slices.ContainsKey(job.Spec.Id))
        {
            yield return new HostEvent.SliceAssigned(job.Spec.Id, slice);
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
