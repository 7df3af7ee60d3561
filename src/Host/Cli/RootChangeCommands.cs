using System.CommandLine;
using Fleet.Grants;
using Fleet.Host.Api;
using Fleet.Host.Grants;

namespace Fleet.Host.Cli;

internal static class RootChangeCommands
{
    public static FleetCommand[] All() =>
    [
        Signed("approve", "Approves a grant: shows in words what is signed, and signs it.", SignatureNamespaces.Grant),
        Ended("deny", "Refuses what was asked for.", "not during the sale"),
        Ended("revoke", "Ends a grant before its time.", "done"),
        Signed("review", "Says that you have looked at a use of break-glass: shows in words what it was, and signs it.", SignatureNamespaces.Review),
    ];

    private static FleetCommand Signed(string verb, string description, string purpose)
    {
        var (id, key) = (RootArguments.Grant(), RootArguments.Key());
        var signature = new Option<string?>("--signature")
        {
            Description = $"A signature over 'fleet root show ID --bytes' in the namespace {purpose}, made elsewhere; - is standard input.", HelpName = "FILE",
        };
        var command = new FleetCommand(verb, description, $"fleet root {verb} g-8f3a91b2c4d5e6f7") { Exits = [ExitCodes.NotFound, ExitCodes.Denied] }
            .With(id, key, signature)
            .Runs(async (session, cancel) =>
            {
                using var client = session.Client();
                var armored = session.Value(signature) is { } file ? Read(file) : await Sign(session, client, session.Value(id), session.Value(key), purpose, cancel);
                var path = RootArguments.Path(session.Value(id), $"/{verb}");
                var changed = await client.Post(path, new SignatureRequest(armored), ApiJson.Default.SignatureRequest, ApiJson.Default.GrantChanged, cancel);
                return Print(session, changed);
            });
        command.Validators.Add(result =>
        {
            if (result.GetValue(key) is not null && result.GetValue(signature) is not null)
            {
                result.AddError("--key signs and --signature has been signed: one of them");
            }
        });
        return command;
    }

    private static FleetCommand Ended(string verb, string description, string example)
    {
        var (id, reason) = (RootArguments.Grant(), RootArguments.Reason());
        return new FleetCommand(verb, description, $"fleet root {verb} g-8f3a91b2c4d5e6f7 --reason '{example}'") { Exits = [ExitCodes.NotFound, ExitCodes.Denied] }
            .With(id, reason)
            .Runs(async (session, cancel) =>
            {
                using var client = session.Client();
                var path = RootArguments.Path(session.Value(id), $"/{verb}");
                var changed = await client.Post(path, new ReasonRequest(session.Value(reason)!), ApiJson.Default.ReasonRequest, ApiJson.Default.GrantChanged, cancel);
                return Print(session, changed);
            });
    }

    private static async Task<string> Sign(Session session, ApiClient client, string id, string? key, string purpose, CancellationToken cancel)
    {
        var signer = SshKey.Find(key);
        var (grant, document) = await RootReadCommands.Get(client, id, cancel);
        session.Tell(GrantText.Document(document));
        return await signer.Sign(grant.Document, purpose);
    }

    private static string Read(string file)
    {
        try
        {
            return file == "-" ? Console.In.ReadToEnd() : File.ReadAllText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException(ErrorCodes.Invalid, $"{file} cannot be read: {e.Message}");
        }
    }

    private static int Print(Session session, GrantChanged changed) => session.Print(
        changed, () => ApiJson.Indented.GrantChanged, c => c.Changed ? $"grant {c.Grant.Id} is {GrantText.State(c.Grant)}\n" : $"grant {c.Grant.Id} was so already: nothing changed\n");
}
