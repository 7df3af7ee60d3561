using System.CommandLine;
using System.Text;
using Fleet.Client.Api;
using Fleet.Client.Grants;
using Fleet.Grants;
using Fleet.RootTasks;

namespace Fleet.Client.Cli;

internal static class RootChangeCommands
{
    public static FleetCommand[] All() =>
    [
        Signed("approve", "Approves a grant: shows in words what is signed, and signs it.", SignatureNamespaces.Grant),
        Deny(),
        Revoke(),
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
                var armored = session.File(signature) is { } file ? Read(file) : await Sign(session, client, session.Value(id), session.Value(key), purpose, cancel);
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

    private static FleetCommand Deny()
    {
        var (id, reason) = (RootArguments.Grant(), RootArguments.Reason());
        return new FleetCommand("deny", "Refuses what was asked for.", "fleet root deny g-8f3a91b2c4d5e6f7 --reason 'not during the sale'") { Exits = [ExitCodes.NotFound, ExitCodes.Denied] }
            .With(id, reason)
            .Runs(async (session, cancel) =>
            {
                using var client = session.Client();
                var path = RootArguments.Path(session.Value(id), "/deny");
                return Print(session, await client.Post(path, new ReasonRequest(session.Value(reason)!), ApiJson.Default.ReasonRequest, ApiJson.Default.GrantChanged, cancel));
            });
    }

    // Signed, the host itself knows it for ever; unsigned, the fleet asks the host for no more uses, and who has taken the agent over still could.
    private static FleetCommand Revoke()
    {
        var (id, reason, key) = (RootArguments.Grant(), RootArguments.Reason(), RootArguments.Key());
        key.Description = "The SSH key that signs the revocation, so that the host too never lets it be used again; unsigned when unset.";
        return new FleetCommand("revoke", "Ends a grant, and what runs under it, before its time.", "fleet root revoke g-8f3a91b2c4d5e6f7 --reason done --key ~/.ssh/id_ed25519")
        {
            Exits = [ExitCodes.NotFound, ExitCodes.Denied],
        }
            .With(id, reason, key)
            .Runs(async (session, cancel) =>
            {
                using var client = session.Client();
                var signature = session.Value(key) is { } file ? await Revocation(client, session.Value(id), session.Value(reason)!, SshKey.Find(file), cancel) : null;
                var path = RootArguments.Path(session.Value(id), "/revoke");
                var changed = await client.Post(path, new RevokeRequest(session.Value(reason)!, signature), ApiJson.Default.RevokeRequest, ApiJson.Default.GrantChanged, cancel);
                session.Tell(signature is null ? "the fleet asks for no more uses; the host itself is told only what is signed (--key)\n" : "");
                return changed.Grant.State == "used"
                    ? session.Print(changed, () => ApiJson.Indented.GrantChanged, c => $"grant {c.Grant.Id} is used as often as it says: nothing is left to revoke\n")
                    : Print(session, changed);
            });
    }

    private static async Task<string> Revocation(ApiClient client, string id, string reason, SshKey signer, CancellationToken cancel)
    {
        var (_, document) = await RootReadCommands.Get(client, id, cancel);
        var revocation = RootRevocation.Write(new RootRevocation(RootRevocation.Version, document.Fleet, document.Id, reason));
        return await signer.Sign(Encoding.UTF8.GetString(revocation), SignatureNamespaces.Revoke);
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
