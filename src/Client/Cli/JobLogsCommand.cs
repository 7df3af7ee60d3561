using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Fleet.Client.Api;

namespace Fleet.Client.Cli;

internal static class JobLogsCommand
{
    public static FleetCommand Logs()
    {
        var (job, host) = (JobArguments.Job(), JobArguments.Host());
        var process = new Option<string?>("--process", "-p") { Description = "One process; all of the job when unset.", HelpName = "PROCESS" };
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on with what is written from now on, until Ctrl-C." };
        var lines = new Option<int>("--lines", "-n") { Description = "How many of the last lines of each process.", HelpName = "LINES", DefaultValueFactory = _ => 100 };
        var stderr = new Option<bool>("--stderr") { Description = "What it wrote to stderr, instead of stdout." };
        lines.Validators.Add(result =>
        {
            // The text, not the value: one that is no number has none.
            if (result.Tokens is [var given] && !int.TryParse(given.Value, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            {
                result.AddError($"--lines is a number of lines, 0 or more, not '{given.Value}'");
            }
        });
        return new FleetCommand("logs", "Shows what a job's processes wrote.", "fleet job logs redis -p redis -f") { Exits = [ExitCodes.NotFound] }
            .With(job, process, host, follow, lines, stderr)
            .Runs(async (session, cancel) =>
            {
                using var client = session.Client();
                await JobArguments.CheckHost(client, session.Value(host), cancel);
                var query = $"?lines={session.Value(lines)}{Flag("follow", session.Value(follow))}{Flag("stderr", session.Value(stderr))}"
                    + (session.Value(process) is { } one ? $"&process={Uri.EscapeDataString(one)}" : "");
                var id = JobArguments.Id(session.Value(job));
                var prefixed = session.Value(process) is null && await HasSeveral(client, id, cancel);
                await foreach (var line in client.Stream(ApiClient.Path(id, $"/logs{query}"), ApiJson.Default.LogLine, cancel))
                {
                    session.Out.WriteLine(Text(line, session.Json, prefixed));
                }

                return ExitCodes.Done;
            });
    }

    private static async Task<bool> HasSeveral(ApiClient client, Fleet.Jobs.JobId job, CancellationToken cancel) =>
        (await client.Get(ApiClient.Path(job), ApiJson.Default.JobDetail, cancel)).Processes.Count(p => p.Wanted) > 1;

    private static string Flag(string name, bool set) => set ? $"&{name}=true" : "";

    // A log is shown as it was written, as tail(1) does: colours are part of it.
    private static string Text(LogLine line, bool json, bool prefixed) =>
        json ? JsonSerializer.Serialize(line, ApiJson.Line.LogLine) : prefixed ? $"{line.Process} | {line.Text}" : line.Text;
}
