using System.Collections.Immutable;
using Fleet.Actors.Jobs;
using Fleet.Client.Api;
using Fleet.Grants;
using Fleet.Hosts;
using Fleet.Jobs;
using Fleet.Privileges;
using Fleet.Processes;
using Fleet.Sandboxes;

namespace Fleet.Host.Api;

/// <summary>A job's processes beyond the baseline, each with what is left of its grant.</summary>
internal static class UnsafeMapping
{
    /// <param name="grants">All that are known.</param>
    /// <param name="host">As root on it has named it.</param>
    /// <param name="look">What the kernel says of a run; null: nothing.</param>
    public static async Task<UnsafeProcess[]> Of(
        JobView job, ImmutableArray<Grant> grants, string host, DateTimeOffset now, Func<Observation, Task<KernelView?>> look)
    {
        var cover = GrantCheck.Cover(job.Current.Spec, grants, host, now);
        var found = new List<UnsafeProcess>();
        foreach (var process in job.Current.Spec.Processes.Where(p => !PrivilegeSet.Of(job.Id, p).IsBaseline))
        {
            foreach (var seen in job.Processes.Where(o => !o.Removed && o.Process.Name == process.Name).DefaultIfEmpty())
            {
                found.Add(Of(job, process, seen, cover, grants, now, seen is null ? null : await look(seen)));
            }
        }

        return [.. found];
    }

    private static UnsafeProcess Of(
        JobView job, ProcessSpec process, Observation? seen, JobCover cover, ImmutableArray<Grant> grants, DateTimeOffset now, KernelView? kernel)
    {
        var by = (cover as JobCover.Granted)?.By ?? (seen?.Status.Grant is { } id ? grants.FirstOrDefault(g => g.Asking?.Document.Id == id)?.Asking!.Document : null);
        return new UnsafeProcess(
            job.Id.ToString(), process.Name, job.Current.Version, seen?.Host, seen is null ? "pending" : Words.Of(seen.Status.Phase),
            [.. PrivilegeSet.Asked(job.Id, process).Select(a => new AskedInfo(PrivilegeText.Format(a.Privilege), a.Why))],
            by?.Id.Text, by?.NotAfter, Left(cover, by, now), KernelText.Declared(PrivilegeSet.Of(job.Id, process)), kernel is null ? null : KernelText.Of(kernel),
            seen?.Status.Difference);
    }

    private static string Left(JobCover cover, GrantDocument? by, DateTimeOffset now) => (cover, by) switch
    {
        (JobCover.Granted granted, _) => $"{Rounded(granted.By.NotAfter - now)} left",
        (_, { PrivilegedJob.AtEnd: AtEnd.KeepRunning }) when now >= by.NotAfter => "over, keeps running",
        (_, { }) => "ended, and so does the process",
        (JobCover.Missing { Nearest: { } nearest }, _) => $"none: {nearest}",
        _ => "none: nobody has asked for one",
    };

    // Rounded down: nobody is to rely on time that is not there.
    private static string Rounded(TimeSpan left) => left switch
    {
        { TotalDays: >= 2 } => $"{(int)left.TotalDays}d",
        { TotalHours: >= 1 } => $"{(int)left.TotalHours}h {left.Minutes}m",
        { TotalMinutes: >= 1 } => $"{left.Minutes}m",
        _ => $"{left.Seconds}s",
    };
}
