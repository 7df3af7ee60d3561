using System.CommandLine;
using Fleet.Client.Api;

namespace Fleet.Client.Cli;

internal static class JobChangeCommands
{
    public static FleetCommand[] All() =>
    [
        Change("stop", "Stops a job's processes and keeps them stopped.", "is to stop"),
        Change("start", "Starts a stopped job.", "is to run"),
        Restart(),
        Revert(),
    ];

    private static FleetCommand Change(string verb, string description, string becomes)
    {
        var job = JobArguments.Job();
        return new FleetCommand(verb, description, $"fleet job {verb} redis") { Exits = [ExitCodes.NotFound, ExitCodes.Denied] }
            .With(job)
            .Runs(async (session, cancel) =>
            {
                using var client = session.Client();
                var path = ApiClient.Path(JobArguments.Id(session.Value(job)), $"/{verb}");
                return Print(session, await client.Post(path, ApiJson.Default.JobChanged, cancel), becomes);
            });
    }

    private static FleetCommand Restart()
    {
        var (job, host) = (JobArguments.Job(), JobArguments.Host());
        return new FleetCommand("restart", "Stops a job's processes and starts them again.", "fleet job restart redis")
        {
            Exits = [ExitCodes.NotFound, ExitCodes.Denied],
        }
            .With(job, host)
            .Runs(async (session, cancel) =>
            {
                using var client = session.Client();
                await JobArguments.CheckHost(client, session.Value(host), cancel);
                var path = ApiClient.Path(JobArguments.Id(session.Value(job)), "/restart");
                return Print(session, await client.Post(path, ApiJson.Default.JobChanged, cancel), "is to restart");
            });
    }

    private static FleetCommand Revert()
    {
        var job = JobArguments.Job();
        var to = new Option<int?>("--to") { Description = "The version whose content to return to; the one before the current when unset.", HelpName = "V" };
        return new FleetCommand("revert", "Gives a job the content of an earlier version, as a new version.", "fleet job revert redis --to 1")
        {
            Exits = [ExitCodes.NotFound, ExitCodes.Denied],
        }
            .With(job, to)
            .Runs(async (session, cancel) =>
            {
                using var client = session.Client();
                var path = ApiClient.Path(JobArguments.Id(session.Value(job)), "/revert");
                var body = new RevertRequest(session.Value(to));
                var changed = await client.Post(path, body, ApiJson.Default.RevertRequest, ApiJson.Default.JobChanged, cancel);
                return Print(session, changed, $"is now version {changed.Job.Version}");
            });
    }

    private static int Print(Session session, JobChanged changed, string becomes) => session.Print(
        changed, () => ApiJson.Indented.JobChanged, c => c.Changed ? $"job {c.Job.Name} {becomes}\n" : $"job {c.Job.Name} was so already: nothing changed\n");
}
