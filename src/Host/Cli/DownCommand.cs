using Fleet.Host.Api;
using Fleet.Host.Hosts;
using Fleet.Hosts;

namespace Fleet.Host.Cli;

/// <summary><c>fleet up --down</c>: the jobs first, then the agent, so that nothing is left running. Asked twice, the second finds nothing to do.</summary>
internal static class DownCommand
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(200);

    /// <summary>A stop ladder may take as long as its waits; this is for one that never ends.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    public static async Task<int> Run(Session session, string folder)
    {
        var paths = new HostPaths(folder, $"{folder}/vcap");
        if (!File.Exists(paths.Socket) && AgentProcess.Find(paths) is null)
        {
            return session.Print(new DownReport(0, false), CliJson.Indented.DownReport, _ => $"no agent runs in {folder}: nothing to stop\n");
        }

        using var limit = new CancellationTokenSource(Patience);
        using var client = new ApiClient(paths.Socket);
        var stopped = await StopJobs(client, limit.Token);
        await client.Post("/v1/agent/shutdown", ApiJson.Default.ShutdownReply, limit.Token);
        while (AgentProcess.Find(paths) is not null)
        {
            await Task.Delay(Pace, limit.Token);
        }

        return session.Print(new DownReport(stopped, true), CliJson.Indented.DownReport, r => $"{r.JobsStopped} jobs stopped, then the agent\n");
    }

    /// <returns>How many there were to stop.</returns>
    private static async Task<int> StopJobs(ApiClient client, CancellationToken cancel)
    {
        var jobs = (await client.Get("/v1/jobs", ApiJson.Default.JobList, cancel)).Jobs;
        var stopped = 0;
        foreach (var job in jobs)
        {
            stopped += (await client.Post(ApiClient.Path(JobArguments.Id(job.Name), "/stop"), ApiJson.Default.JobChanged, cancel)).Changed ? 1 : 0;
        }

        while ((await client.Get("/v1/jobs", ApiJson.Default.JobList, cancel)).Jobs.Any(j => j.State != JobState.Stopped))
        {
            await Task.Delay(Pace, cancel);
        }

        return stopped;
    }
}
