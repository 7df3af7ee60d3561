using System.Diagnostics;
using Fleet.Client.Api;
using Fleet.Client.Cli;
using Fleet.Host.Hosts;
using Fleet.Hosts;
using Fleet.Ledger;

namespace Fleet.Host.Cli;

/// <summary><c>fleet up --down</c>: the jobs first, then the agent, so that nothing is left running. Asked twice, the second finds nothing to do.</summary>
internal static class DownCommand
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(200);

    private const int LooksBetweenWords = 10;

    /// <summary>A stop ladder may take as long as its waits; this is for one that never ends.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    /// <param name="rootPrefix">As of <c>fleet up</c>, for an agent that has to be started.</param>
    public static async Task<int> Run(Session session, string folder, string rootPrefix)
    {
        var paths = new HostPaths(folder, $"{folder}/vcap");
        var agentRuns = AgentProcess.Find(paths) is not null;
        if (!agentRuns && !HasSandboxes(paths))
        {
            return session.Print(new DownReport(0, false), () => HostReports.Indented.DownReport, _ => $"no agent runs in {folder}: nothing to stop\n");
        }

        using var limit = new CancellationTokenSource(Patience);
        using var agent = agentRuns ? null : await StartAgent(session, folder, rootPrefix, paths, limit.Token);
        using var client = new ApiClient(paths.Socket);
        var stopped = await StopJobs(session, client, limit.Token);
        await client.Post("/v1/agent/shutdown", ApiJson.Default.ShutdownReply, limit.Token);
        while (AgentProcess.Find(paths) is not null)
        {
            await Task.Delay(Pace, limit.Token);
        }

        return session.Print(new DownReport(stopped, true), () => HostReports.Indented.DownReport, r => $"{r.JobsStopped} jobs stopped, then the agent\n");
    }

    // Jobs outlive their agent, so there may be something to stop where no agent runs. Only an agent can stop it in order and record it.
    private static bool HasSandboxes(HostPaths paths) => Directory.Exists(paths.Sandboxes) && Directory.EnumerateDirectories(paths.Sandboxes).Any();

    private static async Task<Process> StartAgent(Session session, string folder, string rootPrefix, HostPaths paths, CancellationToken cancel)
    {
        session.Tell($"no agent runs in {folder}, but jobs do: starting one to stop them\n");
        var (program, args) = (ThisProgram.Command[0], ThisProgram.Command.Skip(1));
        var agent = new Client.Linux.Command(program, [.. args, "up", "--dir", folder, .. rootPrefix.Length == 0 ? [] : (string[])["--root-prefix", rootPrefix]]) { Env = ThisProgram.Env }.Begin();
        _ = agent.StandardOutput.ReadToEndAsync(cancel);
        var said = agent.StandardError.ReadToEndAsync(cancel);
        while (!await Answers(paths))
        {
            if (agent.HasExited)
            {
                throw new CliException(ErrorCodes.Unavailable, $"no agent runs in {folder}, and none could be started to stop the jobs: {(await said).Trim()}");
            }

            await Task.Delay(Pace, cancel);
        }

        return agent;
    }

    private static async Task<bool> Answers(HostPaths paths)
    {
        try
        {
            using var client = new ApiClient(paths.Socket);
            await client.Get("/v1/jobs", ApiJson.Default.JobList, CancellationToken.None);
            return true;
        }
        catch (CliException)
        {
            return false;
        }
    }

    /// <returns>How many there were to stop.</returns>
    private static async Task<int> StopJobs(Session session, ApiClient client, CancellationToken cancel)
    {
        var jobs = (await client.Get("/v1/jobs", ApiJson.Default.JobList, cancel)).Jobs;
        var stopped = 0;
        foreach (var job in jobs)
        {
            stopped += (await client.Post(ApiClient.Path(JobArguments.Id(job.Name), "/stop"), ApiJson.Default.JobChanged, cancel)).Changed ? 1 : 0;
        }

        var said = new HashSet<string>();
        for (var looks = 1; (await client.Get("/v1/jobs", ApiJson.Default.JobList, cancel)).Jobs.Where(j => j.State != JobState.Stopped).ToArray() is { Length: > 0 } waiting; looks++)
        {
            if (looks % LooksBetweenWords == 0)
            {
                await SayWhy(session, client, waiting, said, cancel);
            }

            await Task.Delay(Pace, cancel);
        }

        return stopped;
    }

    // A wait that somebody could end (root's helper does not answer) must not look like a ladder that takes its time.
    private static async Task SayWhy(Session session, ApiClient client, JobSummary[] waiting, HashSet<string> said, CancellationToken cancel)
    {
        foreach (var job in waiting)
        {
            var processes = (await client.Get(ApiClient.Path(JobArguments.Id(job.Name)), ApiJson.Default.JobDetail, cancel)).Processes;
            foreach (var process in processes.Where(p => p is { Phase: "starting" or "pre_start" or "stopping", Detail: not null }))
            {
                var line = EventText.Visible($"{job.Name}:{process.Name} is still {process.Phase}: {process.Detail}");
                if (said.Add(line))
                {
                    session.Tell($"{line}\n");
                }
            }
        }
    }
}
