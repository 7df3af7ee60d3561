using Fleet.Client.Api;
using Fleet.Ledger;

namespace Fleet.Client.Cli;

/// <summary>Watches a job until it runs, and says on stderr what it sees.</summary>
internal static class RunProgress
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(150);

    /// <returns>The job, all of whose processes run.</returns>
    /// <exception cref="CliException">A process of it fails, or somebody else has changed the job.</exception>
    public static async Task<JobDetail> Watch(ApiClient client, JobDetail accepted, bool quiet, CancellationToken cancel)
    {
        var path = ApiClient.Path(JobArguments.Id(accepted.Name));
        using IProgressView view = quiet ? new NoProgress() : Console.IsErrorRedirected ? new PlainProgress() : new LiveProgress();
        for (var job = accepted; ; job = await client.Get(path, ApiJson.Default.JobDetail, cancel))
        {
            view.Show(job);
            if (Failure(accepted, job) is { } failure)
            {
                throw new CliException(failure);
            }

            if (job.State == JobState.Running)
            {
                return job;
            }

            await Task.Delay(Pace, cancel);
        }
    }

    /// <summary>Null: it may still come to run.</summary>
    public static ApiError? Failure(JobDetail accepted, JobDetail now)
    {
        if (now.Generation != accepted.Generation)
        {
            return new ApiError(
                ErrorCodes.Conflict, $"job '{now.Name}' was changed meanwhile by {now.ChangedBy}: it is at version {now.Version}, index {now.Generation}", []);
        }

        var failed = now.Processes.Where(p => p is { Wanted: true, Current: true, Phase: "failed" or "crash_looping" }).ToArray();
        return failed.Length == 0
            ? null
            : new ApiError(
                ErrorCodes.Failed,
                $"job '{now.Name}' version {now.Version} does not run: {failed.Length} of {now.Processes.Length} processes fail; see 'fleet job logs {now.Name}'",
                [.. failed.Select(p => new ErrorDetail(p.Name, $"{p.Phase.Replace('_', ' ')}; {JobText.Why(p)}"))]);
    }
}

internal interface IProgressView : IDisposable
{
    void Show(JobDetail job);
}

internal sealed class NoProgress : IProgressView
{
    public void Show(JobDetail job)
    {
    }

    public void Dispose()
    {
    }
}

/// <summary>A line per change, for logs of a build and the like.</summary>
internal sealed class PlainProgress : IProgressView
{
    private readonly Dictionary<string, string> shown = [];

    public void Show(JobDetail job)
    {
        foreach (var process in job.Processes)
        {
            var line = EventText.Visible($"{process.Name}: {Words(process)}");
            if (shown.GetValueOrDefault(process.Name) != line)
            {
                shown[process.Name] = line;
                Console.Error.WriteLine(line);
            }
        }
    }

    public void Dispose()
    {
    }

    /// <summary>The phase, with what of it changes slowly.</summary>
    public static string Words(JobProcess process) => process.Phase.Replace('_', ' ')
        + (process is { Phase: "running", Checked: true } ? $", health {process.Health}" : "")
        + (process is { Phase: "running", Pid: { } pid } ? $", pid {pid}" : "")
        + (process.Current ? "" : " (not told yet)");
}
