using System.Diagnostics;
using Fleet.Actors.Jobs;
using Fleet.Client.Api;
using Fleet.Hosts;
using Fleet.Jobs;
using Fleet.Privileges;
using Fleet.Processes;
using Fleet.Sandboxes;

namespace Fleet.Host.Api;

/// <summary>From what the actors say to what the API says.</summary>
internal static class JobMapping
{
    public static JobSummary Summary(JobView job)
    {
        var processes = Processes(job);
        var current = job.Current;
        return new JobSummary(
            job.Id.ToString(), current.Version, job.Generation, JobState.Of(job.Run, processes), processes.Count(JobState.IsReady),
            current.Spec.Processes.Length, current.Digest.ToString(), current.At, current.By);
    }

    public static JobDetail Detail(JobView job, JobCover cover)
    {
        var processes = Processes(job);
        var current = job.Current;
        return new JobDetail(
            job.Id.ToString(), job.Run ? "running" : "stopped", JobState.Of(job.Run, processes), current.Version, job.Generation,
            current.Digest.ToString(), current.At, current.By, processes, Grant(cover));
    }

    public static JobHistory History(JobView job) => new(
        job.Id.ToString(),
        [
            .. job.Versions.Select(v => new JobVersionInfo(
                v.Version, v.Digest.ToString(), v.At, v.By, v.RevertOf, v.Spec.Processes.Length, v.Version == job.Current.Version)),
        ]);

    public static PlanReply Plan(JobPlan plan, string host) => new(
        plan.Job.ToString(), Words.Of(plan.Change), plan.CheckIndex, plan.CurrentDigest?.ToString(), plan.Digest.ToString(), [host],
        [.. plan.Processes.Select(p => new PlanProcess(p.Process, Words.Of(p.Action), p.Restarts, Keys(p.Keys)))],
        Keys(plan.Files),
        [.. (plan.Cover as JobCover.Missing)?.Processes.Select(m => new MissingGrant(m.Process, [.. m.Privileges.Members.Select(PrivilegeText.Format)])) ?? []],
        Grant(plan.Cover));

    private static JobGrantInfo? Grant(JobCover cover) => cover switch
    {
        JobCover.Baseline => null,
        JobCover.Granted granted => new JobGrantInfo(granted.By.Id.Text, granted.By.NotAfter, null, []),
        JobCover.Missing missing => new JobGrantInfo(null, null, missing.Nearest?.Grant.Text, [.. missing.Nearest?.Why ?? []]),
        _ => throw new UnreachableException($"no words for {cover.GetType()}"),
    };

    public static DiffKey[] Keys(IEnumerable<KeyChange> changes) => [.. changes.Select(c => new DiffKey(c.Path, c.Before, c.After))];

    // Those of the current version first, in the file's order; then what earlier versions left and is still going away.
    private static JobProcess[] Processes(JobView job)
    {
        var seen = job.Processes.Where(o => !o.Removed).ToLookup(o => o.Process.Name);
        var spec = job.Current.Spec;
        return
        [
            .. spec.Processes.SelectMany(p => seen[p.Name].DefaultIfEmpty().Select(o => o is null ? Pending(p) : Seen(job, o, p))),
            .. seen.Where(g => spec.Find(g.Key) is null).SelectMany(g => g).Select(o => Seen(job, o, null)),
        ];
    }

    private static JobProcess Pending(ProcessSpec spec) => new(
        spec.Name, null, "pending", null, Current: false, Wanted: true, Checked: spec.Health is not null, "unknown", null, null, null, 0, null, null);

    private static JobProcess Seen(JobView job, Observation seen, ProcessSpec? spec)
    {
        var status = seen.Status;
        return new JobProcess(
            seen.Process.Name, seen.Host, Words.Of(status.Phase), status.Version, IsCurrent(job, seen), spec is not null,
            spec?.Health is not null, Words.Of(status.Health), status.Since, status.Pid, status.Run?.ToString(), status.Restarts,
            Exit(status.LastExit), status.Detail, status.Grant?.Text, status.Difference);
    }

    // A host that has been told may still have the run of an earlier version in hand; then its status names that version.
    private static bool IsCurrent(JobView job, Observation seen) => seen.Generation >= job.Generation && seen.Status.Version == job.Current.Version;

    private static ExitInfo? Exit(SandboxExit? exit) => exit is null ? null : new ExitInfo(exit.Code, exit.Signal, exit.OomKilled, exit.At);
}
