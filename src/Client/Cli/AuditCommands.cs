using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Fleet.Client.Api;
using Fleet.Ledger;

namespace Fleet.Client.Cli;

internal static class AuditCommands
{
    private static readonly string[] Times = ["yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd"];

    public static FleetCommand Log()
    {
        var host = Filter("--host", "HOST", "On this host.");
        var principal = Filter("--principal", "P", "By whoever's name holds this, such as alice or uid:1000.");
        var job = Filter("--job", "JOB", "About this job and its processes; or JOB:PROCESS.");
        var kind = Filter("--kind", "KIND", "Of this kind, such as process or process.exited.");
        var since = Filter("--since", "T", "From then on: RFC 3339, or a duration ago such as 1h.");
        var until = Filter("--until", "T", "Before then, written as for --since.");
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on with what is recorded from now on, until Ctrl-C." };
        return new FleetCommand("log", "Shows the record: who did what, when, and what came of it. The oldest event first.", "fleet audit log --job redis --since 1h -f")
            .With(host, principal, job, kind, since, until, follow)
            .Runs(async (session, cancel) =>
            {
                CheckKind(session.Value(kind));
                var path = "/v1/audit?" + string.Join('&', new[]
                {
                    Query("host", session.Value(host)), Query("principal", session.Value(principal)), Query("job", session.Value(job)),
                    Query("kind", session.Value(kind)), Query("since", Time(session.Value(since))), Query("until", Time(session.Value(until))),
                    session.Value(follow) ? "follow=true" : "",
                }.Where(q => q != ""));
                using var client = session.Client();
                await foreach (var line in client.Stream(path, ApiJson.Default.AuditLine, cancel))
                {
                    session.Out.WriteLine(session.Json ? JsonSerializer.Serialize(line, ApiJson.Line.AuditLine) : Text(line));
                }

                return ExitCodes.Done;
            });
    }

    /// <summary>RFC 3339 or a duration ago, as RFC 3339 in UTC.</summary>
    /// <exception cref="CliException">Neither.</exception>
    private static string? Time(string? text)
    {
        if (text is null)
        {
            return null;
        }

        if (Duration.TryParse(text, out var ago))
        {
            return (DateTimeOffset.UtcNow - ago).UtcDateTime.ToString("O", CultureInfo.InvariantCulture);
        }

        return DateTimeOffset.TryParseExact(text, Times, CultureInfo.InvariantCulture, DateTimeStyles.AssumeLocal, out var time)
            ? time.UtcDateTime.ToString("O", CultureInfo.InvariantCulture)
            : throw new CliException(ErrorCodes.Invalid, $"'{text}' is no time: write RFC 3339, such as 2026-01-31T08:00:00Z, or a duration ago, such as 1h");
    }

    /// <exception cref="CliException">No event of this version has the name or begins with it.</exception>
    private static void CheckKind(string? kind)
    {
        if (kind is not null && !EventCatalog.StoredNames.Any(name => name == kind || name.StartsWith(kind + ".", StringComparison.Ordinal)))
        {
            var kinds = EventCatalog.StoredNames.Select(name => name[..name.LastIndexOf('.')]);
            var near = NearestWord.Hint(kind, [.. kinds.Concat(kinds.Select(name => name.Split('.')[0])).Distinct()]);
            throw new CliException(ErrorCodes.Invalid, $"'{kind}' is no kind of event{near}");
        }
    }

    private static string Query(string name, string? value) => value is null ? "" : $"{name}={Uri.EscapeDataString(value)}";

    // Columns without a table: the record is endless, so no width is known beforehand.
    private static string Text(AuditLine line)
    {
        var e = line.Envelope;
        var (time, outcome) = (Session.Time(e.OccurredAt), e.Outcome == Outcome.Succeeded ? "" : $" [{e.Outcome.ToString().ToLowerInvariant()}]");
        return EventText.Visible($"{time}  {e.Subject,-16}  {e.Name,-26}  {e.Principal.Name}{outcome}  {line.Text}{(e.Reason is { } why ? $" ({why})" : "")}");
    }

    private static Option<string?> Filter(string name, string help, string description) => new(name) { Description = description, HelpName = help };
}
