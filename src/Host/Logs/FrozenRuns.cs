using Microsoft.Extensions.Logging;

namespace Fleet.Host.Logs;

/// <summary>
/// Runs that an agent had frozen to cut a log, and was then killed. They are thawed before anything else is done with them: a frozen process neither answers
/// nor, on cgroup v1, dies. Their logs are made whole first, for only while it is frozen does a log tell how far its rotation came.
/// </summary>
/// <param name="logs">The folder of all jobs' log folders.</param>
public sealed partial class FrozenRuns(string logs, LogRotationSettings settings, ILogger logger)
{
    /// <summary>Idempotent; costs a look at each run. Only while no rotator of this agent runs, which would find its own freeze undone.</summary>
    public void Thaw(IEnumerable<CgroupFreezer> runs)
    {
        CgroupFreezer[] frozen = [.. runs.Where(r => r.IsSwitchedOn)];
        if (frozen.Length > 0)
        {
            FinishRotations();
        }

        foreach (var run in frozen)
        {
            Guarded(run.Leaf, () =>
            {
                run.Thaw();
                Thawed(run.Leaf);
            });
        }
    }

    // Which run writes which log nobody has said yet, and a process that has left its job may still be frozen.
    private void FinishRotations()
    {
        foreach (var path in Directory.Exists(logs) ? Directory.GetDirectories(logs) : [])
        {
            Guarded(path, () =>
            {
                using var folder = LogFolder.TryOpen(path) ?? throw new LogRefusedException("it is gone");
                foreach (var log in RotatedFiles.InterruptedIn(folder))
                {
                    Guarded($"{path}/{log}", () => new Rotation(folder, log, settings, null).Recover());
                }
            });
        }
    }

    private void Guarded(string what, Action act)
    {
        try
        {
            act();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Failed(what, e.Message);
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "{Leaf} was left frozen by an agent that was killed while it rotated a log, and is thawed")]
    private partial void Thawed(string leaf);

    [LoggerMessage(2, LogLevel.Warning, "{What} could not be taken up after an agent was killed while it rotated a log: {Reason}")]
    private partial void Failed(string what, string reason);
}
