using System.CommandLine;
using Fleet.Client.Api;

namespace Fleet.Client.Cli;

internal static class RunCommand
{
    public static FleetCommand Run()
    {
        var (file, name, set) = (JobFileCommands.File(), JobFileCommands.Name(), JobFileCommands.Set());
        var detach = new Option<bool>("--detach") { Description = "Return when the job is accepted, and do not wait until it runs." };
        var index = new Option<long?>("--check-index")
        {
            Description = "Refuse if the job changed since the plan that printed this index; 0: the job must not exist.",
            HelpName = "I",
        };
        var timeout = new Option<string>("--timeout")
        {
            Description = "How long to wait until all processes run, such as 90s or 5m; the job goes on when it is over.",
            HelpName = "D",
            DefaultValueFactory = _ => "5m",
        };
        return new FleetCommand(
            "run", "Submits a job file and waits until its processes run, showing what they do.", "fleet job run redis.yml --set processes.redis.limits.memory=1g")
        {
            Exits = [ExitCodes.Denied, ExitCodes.TimedOut],

            // The live table hides the terminal's cursor.
            EndsTidily = true,
        }
            .With(file, name, set, detach, index, timeout)
            .Runs(async (session, cancel) =>
            {
                var patience = JobArguments.Duration(session.Value(timeout)!);
                var request = JobFileCommands.Request(session.Value(file), session.Value(name), session.Value(set)!, session.Value(index));
                using var client = session.Client();
                var accepted = await client.Post("/v1/jobs", request, ApiJson.Default.RunRequest, ApiJson.Default.JobChanged, cancel);
                return session.Value(detach)
                    ? session.Print(accepted, () => ApiJson.Indented.JobChanged, Accepted)
                    : await Follow(session, client, accepted, patience, cancel);
            });
    }

    private static async Task<int> Follow(Session session, ApiClient client, JobChanged accepted, TimeSpan patience, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(patience);
        try
        {
            var ran = await RunProgress.Watch(client, accepted.Job, session.Json, limit.Token);
            return session.Print(accepted with { Job = ran }, () => ApiJson.Indented.JobChanged, Ran);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            var job = accepted.Job.Name;
            throw new CliException(
                ErrorCodes.Timeout, $"job '{job}' does not run after {Duration.Format(patience)}; it is still tried: see 'fleet job status {job}'");
        }
    }

    private static string Accepted(JobChanged changed) =>
        changed.Changed ? $"job {changed.Job.Name} version {changed.Job.Version} is accepted\n" : Unchanged(changed.Job) + "\n";

    private static string Ran(JobChanged changed)
    {
        var job = changed.Job;
        var ran = $"job {job.Name} version {job.Version} runs: {job.Processes.Count(JobState.IsReady)} of {job.Processes.Count(p => p.Wanted)} processes\n";
        return changed.Changed ? ran : $"{Unchanged(job)}; it runs\n";
    }

    private static string Unchanged(JobDetail job) => $"job {job.Name} has this content already, as version {job.Version}: nothing changed";
}
