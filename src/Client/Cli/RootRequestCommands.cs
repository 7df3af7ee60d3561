using System.CommandLine;
using System.Text;
using Fleet.Client.Api;
using Fleet.Client.Grants;
using Fleet.Grants;
using Fleet.Ledger;

namespace Fleet.Client.Cli;

/// <summary>Asking for root. The document is made and signed here, by whoever asks: the agent writes nothing in anybody's name.</summary>
internal static class RootRequestCommands
{
    public static FleetCommand[] All() =>
    [
        Asking("request", "Asks for a command to be run as root, or for a job to run with more than the baseline, and prints the grant's id. Others then approve it.", "--reason 'disk is full, ticket 4711'", breakGlass: null),
        Asking("break-glass", "As request, for an emergency: one approval is enough, for a short while, and somebody else has to review it afterwards.", "--reason 'site is down'", breakGlass: true),
    ];

    private static FleetCommand Asking(string verb, string description, string example, bool? breakGlass)
    {
        var (grant, task, job, key) = (new RootGrantOptions(), new RootTaskOptions(ArgumentArity.ZeroOrMore), new RootJobOptions(), RootArguments.Key());
        var glass = new Option<bool>("--break-glass") { Description = "As 'fleet root break-glass'.", Hidden = breakGlass is true };
        var command = new FleetCommand(verb, description, $"fleet root {verb} --on web-1 {example} -- /usr/bin/du -xs /var") { Exits = [ExitCodes.Denied] }
            .With([.. grant.All, .. task.All, .. job.All, key, glass])
            .Runs(async (session, cancel) =>
            {
                using var client = session.Client();
                var isGlass = breakGlass ?? session.Value(glass);
                var boshRoot = job.IsAsked(session) ? (await client.Get("/v1/host", ApiJson.Default.HostInfo, cancel)).BoshRoot : null;
                var (changed, _) = await Ask(session, client, session.Value(key), (policy, who) => boshRoot is null
                    ? task.Document(session, grant, policy, who, isGlass)
                    : job.Document(session, grant, policy, who, isGlass, boshRoot), cancel);
                return session.Print(changed, () => ApiJson.Indented.GrantChanged, c => $"{c.Grant.Id}\n");
            });
        command.Validators.Add(line => job.Check(line, task));
        return command;
    }

    /// <summary>Makes the document, shows it, signs it and sends it.</summary>
    /// <param name="write">The document, by the policy and the name of who asks.</param>
    /// <returns>What became of it, and the key that signed.</returns>
    public static async Task<(GrantChanged Changed, SshKey Signer)> Ask(
        Session session, ApiClient client, string? key, Func<RootPolicyInfo, string, GrantDocument> write, CancellationToken cancel)
    {
        var signer = SshKey.Find(key);
        var policy = await client.Get("/v1/root/policy", ApiJson.Default.RootPolicyInfo, cancel);
        var document = write(policy, Requester(policy, await signer.Fingerprint()));
        var text = Encoding.ASCII.GetString(GrantFormat.Write(document));
        _ = GrantDocuments.Read(text);
        session.Tell(GrantText.Document(document));
        session.Tell(Unknown(document.Hosts, policy));
        var request = new GrantRequest(text, await signer.Sign(text, SignatureNamespaces.Request));
        var changed = await client.Post("/v1/grants", request, ApiJson.Default.GrantRequest, ApiJson.Default.GrantChanged, cancel);
        session.Tell(GrantText.Standing(changed.Grant));
        return (changed, signer);
    }

    // Not refused: a host may join before the window ends, and who asks may know it where this agent does not.
    private static string Unknown(HostSelector hosts, RootPolicyInfo policy)
    {
        var names = hosts.Names.Where(name => name != policy.Host).Distinct().Select(name => $"no host {name}").ToArray();
        var unknown = names is [] && !hosts.Selects(policy.Host, policy.Labels) ? $"no host with {hosts}" : string.Join(" and ", names);
        return unknown == "" ? "" : EventText.Visible($"warning: this agent knows {unknown}, but {policy.Host} alone: before one joins, nothing runs there") + "\n";
    }

    private static string Requester(RootPolicyInfo policy, string key) =>
        policy.Signers.FirstOrDefault(signer => signer.Key == key)?.Principal
        ?? throw new CliException(ErrorCodes.Denied, $"key {key} is nobody's on host '{policy.Host}': ask with a key that root there knows, or ask root to add it (docs/root.md)");
}
