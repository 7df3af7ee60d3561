namespace Fleet.Client.Api;

/// <summary>A job's state in one word, from what is wanted and what its processes are. The one place that judges it.</summary>
public static class JobState
{
    public const string Running = "running";
    public const string Stopped = "stopped";

    /// <summary>On its way to what is wanted.</summary>
    public const string Progressing = "progressing";

    /// <summary>It runs, but a process is unhealthy or ends again and again.</summary>
    public const string Degraded = "degraded";

    /// <summary>A process will not be started again until somebody asks.</summary>
    public const string Failed = "failed";

    public static string Of(bool run, IReadOnlyCollection<JobProcess> processes)
    {
        if (!run)
        {
            return processes.All(p => p.Phase is "stopped" or "failed" or "completed" or "pending") ? Stopped : Progressing;
        }

        return processes switch
        {
            _ when processes.Any(p => p is { Wanted: true, Current: true, Phase: "failed" }) => Failed,
            _ when processes.Any(p => p is { Wanted: true, Phase: "crash_looping" } or { Wanted: true, Phase: "running", Health: "unhealthy" }) => Degraded,
            _ when processes.All(IsReady) => Running,
            _ => Progressing,
        };
    }

    /// <summary>Runs the current version, and is healthy where that is checked; or has done what it had to do.</summary>
    public static bool IsReady(JobProcess process) =>
        process is { Wanted: true, Current: true }
        && (process.Phase == "completed" || (process.Phase == "running" && (!process.Checked || process.Health == "healthy")));
}
