using System.CommandLine;
using System.CommandLine.Completions;
using Fleet.Client.Api;
using Fleet.Jobs;

namespace Fleet.Client.Cli;

/// <summary>Arguments and options that several commands share.</summary>
internal static class JobArguments
{
    private static readonly TimeSpan CompletionPatience = TimeSpan.FromMilliseconds(500);

    public static Argument<string> Job()
    {
        var job = new Argument<string>("JOB") { Description = "The job: NAME, or NAMESPACE/NAME." };
        job.CompletionSources.Add(Names);
        return job;
    }

    public static Option<string?> Host() => new("--host") { Description = "The host, by name; every host of the job when unset.", HelpName = "HOST" };

    /// <exception cref="CliException">Not a job's name.</exception>
    public static JobId Id(string text) =>
        JobId.TryParse(text, out var id) ? id : throw new CliException(ErrorCodes.Invalid, $"'{text}' is not a job: {JobId.PartRule}");

    /// <summary>Makes sure that the host that was named is the one that answers.</summary>
    public static async Task CheckHost(ApiClient client, string? host, CancellationToken cancel)
    {
        if (host is not null && (await client.Get("/v1/host", ApiJson.Default.HostInfo, cancel)).Name is var name && name != host)
        {
            throw new CliException(ErrorCodes.NotFound, $"there is no host '{host}' here: this agent is that of '{name}'");
        }
    }

    /// <exception cref="CliException">Not a duration.</exception>
    public static TimeSpan Duration(string text) =>
        Fleet.Duration.TryParse(text, out var duration) ? duration : throw new CliException(ErrorCodes.Invalid, $"'{text}': {Fleet.Duration.Rule}");

    // While somebody types, nothing is better than an error or a wait.
    private static IEnumerable<CompletionItem> Names(CompletionContext context)
    {
        try
        {
            using var limit = new CancellationTokenSource(CompletionPatience);
            using var client = new Session(context.ParseResult).Client();
            var jobs = client.Get("/v1/jobs", ApiJson.Default.JobList, limit.Token).GetAwaiter().GetResult();
            return jobs.Jobs.Select(job => new CompletionItem(job.Name));
        }
        catch (Exception e) when (e is CliException or OperationCanceledException)
        {
            return [];
        }
    }
}
