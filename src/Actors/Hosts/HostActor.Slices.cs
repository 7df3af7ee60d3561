using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;
using Fleet.Hosts;
using Fleet.Jobs;
using Fleet.Processes;

namespace Fleet.Actors.Hosts;

/// <summary>
/// Slices of sub-ids for jobs that found none free: the longest stopped job gives its own back, if it keeps nothing on the host. Killed anywhere: before
/// the event the slice is still the old job's, which lost nothing; after it, the slice is free, and nothing on the host is owned by it.
/// </summary>
public sealed partial class HostActor
{
    private readonly Dictionary<JobId, WaitingJob> waiting = [];
    private DesiredState newest = new(0, []);
    private SliceSearch search = SliceSearch.None;

    /// <param name="Why">Null until it is known.</param>
    private sealed record WaitingJob(DesiredJob Job, DateTimeOffset Since, string? Why);

    private void FindSlices(DesiredState desired)
    {
        var now = HostDecider.Waiting(State, desired).ToDictionary(j => j.Spec.Id);
        foreach (var gone in waiting.Keys.Except(now.Keys).ToList())
        {
            waiting.Remove(gone, out var was);
            TakeBack(was!.Job);
        }

        foreach (var (id, job) in now)
        {
            waiting[id] = waiting.TryGetValue(id, out var known) ? known with { Job = job } : new WaitingJob(job, Recorder.Now, null);
        }

        ImmutableArray<SliceOf> idle = waiting.Count == 0 ? [] : [.. State.Idle.Where(s => IsAtRest(s.Job))];
        (search, var begins) = search.Look(Recorder.Now, waiting.Keys, idle.Select(s => s.Job));
        if (begins)
        {
            ports.Sandboxes.ReturnSlice(idle).PipeTo(Self, failure: e => new SliceReturn(null, [.. idle.Select(s => new HeldSlice(s.Job, e.Message))]));
        }
    }

    private void Returned(SliceReturn found)
    {
        search = search.End(Recorder.Now);
        if (found.Returned is { } slice)
        {
            Record(
                [new HostEvent.SliceReturned(slice.Job, slice.Slice)], CauseOf(waiting.Values.FirstOrDefault()?.Job ?? Leading(newest, [])), slice.Job.ToString(), () => Desire(newest));
            return;
        }

        foreach (var (id, job) in waiting.ToList())
        {
            var why = SliceReturn.WhyNot(id, State, found.Held, ports.Sandboxes.Slices);
            if (job.Why != why)
            {
                Context.GetLogger().Warning(why);
            }

            waiting[id] = job with { Why = why };
        }

        SayWaiting();
        Desire(newest);
    }

    // The slice that one waits for may be that of a job that has just come to rest.
    private void LookAgain(JobId job)
    {
        if (waiting.Count > 0 && State.Slices.ContainsKey(job) && IsAtRest(job))
        {
            FindSlices(newest);
        }
    }

    // Its supervisor has recorded the end of every run; what of one may still be on its way out, the port looks for.
    private bool IsAtRest(JobId job) => State.Assigned.Keys.Where(p => p.Job == job).All(p => reports.GetValueOrDefault(p) is
    {
        Run: null, Status.Phase: ProcessPhase.Stopped or ProcessPhase.Completed or ProcessPhase.Failed,
    });

    private void SayWaiting()
    {
        foreach (var (job, since, why) in waiting.Values.Where(w => w.Why is not null))
        {
            var status = new ProcessStatus(ProcessPhase.Failed, job.Version, since, null, null, 0, Health.Unknown, null, why);
            Processes(job).ForEach(p => link.Up(new Observation(Recorder.Host, p, job.Generation, status)));
        }
    }

    // What became of it is now said by its supervisors, or, of a job that was stopped while it waited, by nobody.
    private void TakeBack(DesiredJob job)
    {
        foreach (var process in Processes(job))
        {
            var status = new ProcessStatus(ProcessPhase.Stopped, job.Version, Recorder.Now, null, null, 0, Health.Unknown, null, null);
            link.Up(new Observation(Recorder.Host, process, job.Generation, status, Removed: true));
            if (reports.TryGetValue(process, out var report))
            {
                Say(report);
            }
        }
    }

    private static List<ProcessId> Processes(DesiredJob job) => [.. job.Spec.Processes.Select(p => new ProcessId(job.Spec.Id, p.Name))];
}
