using System.CommandLine;
using System.Globalization;
using Fleet.Client.Api;

namespace Fleet.Client.Cli;

internal static class JobReadCommands
{
    public static FleetCommand[] All() => [List(), Status(), History(), Diff(), Unsafe()];

    private static FleetCommand List() =>
        new FleetCommand("list", "Lists all jobs.", "fleet job list").Runs(async (session, cancel) =>
        {
            using var client = session.Client();
            return session.Print(await client.Get("/v1/jobs", ApiJson.Default.JobList, cancel), () => ApiJson.Indented.JobList, JobText.List);
        });

    private static FleetCommand Status()
    {
        var job = JobArguments.Job();
        return new FleetCommand("status", "Shows a job and what its processes do.", "fleet job status redis") { Exits = [ExitCodes.NotFound] }
            .With(job)
            .Runs(async (session, cancel) =>
            {
                using var client = session.Client();
                var path = ApiClient.Path(JobArguments.Id(session.Value(job)));
                return session.Print(await client.Get(path, ApiJson.Default.JobDetail, cancel), () => ApiJson.Indented.JobDetail, JobText.Detail);
            });
    }

    private static FleetCommand History()
    {
        var job = JobArguments.Job();
        return new FleetCommand("history", "Lists a job's versions, and who made each.", "fleet job history redis") { Exits = [ExitCodes.NotFound] }
            .With(job)
            .Runs(async (session, cancel) =>
            {
                using var client = session.Client();
                var path = ApiClient.Path(JobArguments.Id(session.Value(job)), "/history");
                return session.Print(await client.Get(path, ApiJson.Default.JobHistory, cancel), () => ApiJson.Indented.JobHistory, JobText.History);
            });
    }

    private static FleetCommand Diff()
    {
        var (job, v1, v2) = (JobArguments.Job(), Version("V1"), Version("V2"));
        return new FleetCommand("diff", "Shows what differs between two versions of a job, key by key.", "fleet job diff redis 1 2")
        {
            Exits = [ExitCodes.NotFound],
        }
            .With(job, v1, v2)
            .Runs(async (session, cancel) =>
            {
                using var client = session.Client();
                var path = ApiClient.Path(JobArguments.Id(session.Value(job)), $"/diff?v1={session.Value(v1)}&v2={session.Value(v2)}");
                return session.Print(await client.Get(path, ApiJson.Default.DiffReply, cancel), () => ApiJson.Indented.DiffReply, JobText.Diff);
            });
    }

    private static FleetCommand Unsafe() =>
        new FleetCommand("unsafe", "Lists every process that asks for more than the baseline, with what it asks for and its grant.", "fleet job unsafe")
            .Runs(async (session, cancel) =>
            {
                using var client = session.Client();
                return session.Print(await client.Get("/v1/unsafe", ApiJson.Default.UnsafeList, cancel), () => ApiJson.Indented.UnsafeList, JobText.Unsafe);
            });

    private static Argument<int> Version(string name) => new(name)
    {
        Description = "A version's number, as 'fleet job history' lists them.",
        CustomParser = result =>
        {
            if (!int.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var version))
            {
                result.AddError($"argument {name} is a version's number, not '{result.Tokens[0].Value}'");
            }

            return version;
        },
    };
}
