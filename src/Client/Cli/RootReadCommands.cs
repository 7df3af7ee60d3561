using System.CommandLine;
using System.Text;
using Fleet.Client.Api;
using Fleet.Client.Grants;
using Fleet.Grants;

namespace Fleet.Client.Cli;

internal static class RootReadCommands
{
    public static FleetCommand[] All() => [Show(), List()];

    /// <summary>The grant and its document, which is read here again: what people are shown, and sign, is not what an agent says of it.</summary>
    /// <exception cref="CliException">The agent answers with another grant.</exception>
    public static async Task<(GrantDetail Grant, GrantDocument Document)> Get(ApiClient client, string id, CancellationToken cancel)
    {
        var grant = await client.Get(RootArguments.Path(id), ApiJson.Default.GrantDetail, cancel);
        var document = GrantDocuments.Read(grant.Document);
        return document.Id == RootArguments.Id(id)
            ? (grant, document)
            : throw new CliException(ErrorCodes.Failed, $"the agent was asked for {id} and answered with {document.Id}: it is not to be trusted");
    }

    private static FleetCommand Show()
    {
        var id = RootArguments.Grant();
        var bytes = new Option<bool>("--bytes") { Description = "Write the exact bytes that are signed, and nothing else." };
        var play = new Option<bool>("--play") { Description = "Play the recording of a use, where it was asked for with --record." };
        var use = RootArguments.Number("--use", "Which use is played.", least: 1, GrantRules.MostUses);
        var command = new FleetCommand("show", "Shows a grant: all that would be signed, in words, and where it stands.", "fleet root show g-8f3a91b2c4d5e6f7") { Exits = [ExitCodes.NotFound] }
            .With(id, bytes, play, use)
            .Runs(async (session, cancel) =>
            {
                using var client = session.Client();
                if (session.Value(play))
                {
                    await Player.Play(client.Text(RootArguments.Path(session.Value(id), $"/recording?use={session.Value(use)}"), cancel), session.Out, cancel);
                    return ExitCodes.Done;
                }

                var (grant, document) = await Get(client, session.Value(id), cancel);
                if (!session.Value(bytes))
                {
                    return session.Print(grant, () => ApiJson.Indented.GrantDetail, g => GrantText.Document(document) + GrantText.Standing(g));
                }

                await using var output = Console.OpenStandardOutput();
                await output.WriteAsync(Encoding.UTF8.GetBytes(grant.Document), cancel);
                return ExitCodes.Done;
            });
        command.Validators.Add(result =>
        {
            if (result.GetValue(play) && result.GetValue(Session.JsonOption))
            {
                result.AddError("--play shows a recording on the terminal, and has no JSON: without --play, --json shows the grant");
            }
        });
        return command;
    }

    private static FleetCommand List()
    {
        var (pending, active, all) = (Filter("pending", "Those that wait for approvals."), Filter("active", "Those that are approved and not over."), Filter("all", "Also those that are over."));
        var command = new FleetCommand("list", "Lists grants that are not over, and used break-glass until somebody has reviewed it.", "fleet root list --pending")
            .With(pending, active, all)
            .Runs(async (session, cancel) =>
            {
                using var client = session.Client();
                var state = new[] { pending, active, all }.FirstOrDefault(session.Value)?.Name.TrimStart('-');
                var list = await client.Get($"/v1/grants{(state is null ? "" : $"?state={state}")}", ApiJson.Default.GrantList, cancel);
                return session.Print(list, () => ApiJson.Indented.GrantList, GrantText.List);
            });
        command.Validators.Add(result =>
        {
            if (new[] { pending, active, all }.Count(result.GetValue) > 1)
            {
                result.AddError("--pending, --active and --all: one of them");
            }
        });
        return command;
    }

    private static Option<bool> Filter(string name, string description) => new($"--{name}") { Description = description };
}
