using System.Collections.Immutable;
using Fleet.Jobs;

namespace Fleet.Hosts;

/// <summary>What came of looking for a slice that a stopped job could give back.</summary>
/// <param name="Returned">Nothing on the host is owned by its ids any more; null: none could be given back.</param>
/// <param name="Held">The stopped jobs before it, each with what holds its slice.</param>
public sealed record SliceReturn(SliceOf? Returned, ImmutableArray<HeldSlice> Held)
{
    private const int MostNamed = 10;

    /// <summary>Why a job that shall run has to wait, and the way out.</summary>
    /// <param name="slices">How many the host has.</param>
    public static string WhyNot(JobId waiting, HostState host, ImmutableArray<HeldSlice> held, int slices)
    {
        var stopped = held.Select(h => h.Job).ToHashSet();
        var outside = host.Used.Where(job => !stopped.Contains(job) && host.Outside.Contains(job) && host.IsStopped(job)).ToList();
        var busy = host.Used.Where(job => !stopped.Contains(job) && !outside.Contains(job)).ToList();
        var left = held.Select(h => $"{h.Job}, {h.What}").Concat(outside.Select(job => $"{job}, what it may have written outside of its folders"));
        return $"no slice of sub-ids is free for {waiting}: this host's {slices} are held by "
            + $"{Named(busy.Select(job => job.ToString()), "jobs that are not stopped")} and {Named(left, "stopped jobs with something left")}. "
            + "Stop a job that need not run, remove as root what a stopped one need not keep, "
            + "or give the agent's user more in /etc/subuid and /etc/subgid (65536 a job) and start the agent again";
    }

    private static string Named(IEnumerable<string> names, string what)
    {
        string[] all = [.. names];
        return all.Length == 0 ? $"no {what}" : $"{what} ({all.Length}: {string.Join("; ", all.Take(MostNamed))}{(all.Length > MostNamed ? "; ..." : "")})";
    }
}

/// <param name="What">Of the job is still there, such as a folder with files.</param>
public sealed record HeldSlice(JobId Job, string What);
