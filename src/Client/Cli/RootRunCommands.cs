using System.CommandLine;
using System.Text.Json;
using Fleet.Client.Api;
using Fleet.Client.Grants;
using Fleet.Client.Linux;
using Fleet.Ledger;

namespace Fleet.Client.Cli;

internal static class RootRunCommands
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    public static FleetCommand[] All() => [Run(), Now()];

    private static FleetCommand Run()
    {
        var id = RootArguments.Grant();
        var anyway = new Option<bool>("--anyway") { Description = "Ask the host also where the fleet counts too few approvals: it refuses, and says so in the record." };
        return new FleetCommand("run", "Runs what a grant allows, and shows what it writes. Ctrl-C ends it.", "fleet root run g-8f3a91b2c4d5e6f7")
        {
            Exits = [ExitCodes.NotFound, ExitCodes.Denied, ExitCodes.TaskTimedOut],
        }
            .With(id, anyway)
            .Runs(async (session, cancel) =>
            {
                using var client = session.Client();
                return await Run(session, client, session.Value(id), session.Value(anyway), cancel);
            });
    }

    private static FleetCommand Now()
    {
        var (grant, task, key) = (new RootGrantOptions(), new RootTaskOptions(ArgumentArity.OneOrMore), RootArguments.Key());
        return new FleetCommand(
            "now", "Asks for a command to be run as root, waits until enough have approved it, and runs it.", "fleet root now --on web-1 --reason 'disk is full' -- /usr/bin/du -xs /var")
        {
            Exits = [ExitCodes.NotFound, ExitCodes.Denied, ExitCodes.TaskTimedOut],
        }
            .With([.. grant.All, .. task.All, key])
            .Runs(async (session, cancel) =>
            {
                using var client = session.Client();
                var (changed, signer) = await RootRequestCommands.Ask(
                    session, client, session.Value(key), (policy, who) => task.Document(session, grant, policy, who, breakGlass: false), cancel);
                await ApproveWhereItCounts(session, client, changed.Grant, signer, cancel);
                await Approved(session, client, changed.Grant, cancel);
                return await Run(session, client, changed.Grant.Id, anyway: false, cancel);
            });
    }

    // Where the policy of root lets who asks be one of those who approve, as sudo does; said, so that nobody takes it for somebody else's word.
    private static async Task ApproveWhereItCounts(Session session, ApiClient client, GrantDetail grant, SshKey signer, CancellationToken cancel)
    {
        if (!grant.RequesterCounts)
        {
            return;
        }

        session.Tell("the policy of root counts who asks among those who approve: you approve it\n");
        var approval = new SignatureRequest(await signer.Sign(grant.Document, Fleet.Grants.SignatureNamespaces.Grant));
        _ = await client.Post(RootArguments.Path(grant.Id, "/approve"), approval, ApiJson.Default.SignatureRequest, ApiJson.Default.GrantChanged, cancel);
    }

    private static async Task Approved(Session session, ApiClient client, GrantDetail grant, CancellationToken cancel)
    {
        for (var told = -1; ; await Task.Delay(Look, cancel))
        {
            grant = await client.Get(RootArguments.Path(grant.Id), ApiJson.Default.GrantDetail, cancel);
            switch (grant.State)
            {
                case "approved" or "active":
                    return;
                case "requested" when grant.Missing != told:
                    told = grant.Missing;
                    session.Tell($"waiting: {told} more must approve {grant.Id}\n");
                    break;
                case "requested":
                    break;
                default:
                    throw new CliException(ErrorCodes.Denied, $"{grant.Id} is {grant.State}{(grant.Why is { } why ? $": {EventText.Visible(why)}" : "")}");
            }
        }
    }

    private static async Task<int> Run(Session session, ApiClient client, string id, bool anyway, CancellationToken cancel)
    {
        // The bytes as they are; and who does not read them any more ends the task.
        var (stdout, stderr) = (new StandardStream(1), new StandardStream(2));
        var code = ExitCodes.Failed;
        var request = new RunGrantRequest(anyway);
        await foreach (var line in client.Stream(RootArguments.Path(id, "/run"), request, ApiJson.Default.RunGrantRequest, ApiJson.Default.RootRunLine, cancel))
        {
            if (session.Json)
            {
                session.Out.WriteLine(JsonSerializer.Serialize(line, ApiJson.Line.RootRunLine));
                session.Out.Flush();
            }
            else if (line.Data is { } data)
            {
                (line.Type == "stdout" ? stdout : stderr).Write(Convert.FromBase64String(data));
            }

            code = End(session, id, line) ?? code;
        }

        return code;
    }

    /// <returns>Null: it is not the end.</returns>
    private static int? End(Session session, string id, RootRunLine line) => line.Type switch
    {
        "started" when line.Elsewhere is { } others => Told(session, $"it runs on {line.Host}; on {string.Join(", ", others)}, for which {id} is too, it does not\n"),
        "refused" => throw new CliException(ErrorCodes.Denied, $"host {line.Host} refused use {line.Use} of {id} ({line.Code}): {line.Message}"),
        "lost" => throw new CliException(ErrorCodes.Failed, $"what became of use {line.Use} of {id} on host {line.Host} is not known: {line.Message}"),
        "ended" => Ended(session, line.Host, line.How, line.ExitCode ?? ExitCodes.Failed),
        _ => null,
    };

    private static int? Told(Session session, string text)
    {
        session.Tell(text);
        return null;
    }

    private static int Ended(Session session, string host, string? how, int code)
    {
        session.Tell(how switch
        {
            "timeout" => $"host {host}: killed at its timeout\n",
            "output_limit" => $"host {host}: killed, for it wrote more than was granted\n",
            "revoked" => $"host {host}: ended, for the grant was revoked\n",
            "cancelled" => $"host {host}: ended before its end\n",
            _ => "",
        });
        return how == "timeout" ? ExitCodes.TaskTimedOut : code;
    }
}
