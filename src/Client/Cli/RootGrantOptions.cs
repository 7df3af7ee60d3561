using System.CommandLine;
using Fleet.Client.Api;
using Fleet.Grants;
using Fleet.Privileges;

namespace Fleet.Client.Cli;

/// <summary>The options that every grant has, whatever it is for, and the document that they make.</summary>
internal sealed class RootGrantOptions
{
    private readonly Option<string> on = new("--on")
    {
        Description = "The hosts: names (web-1,web-2), or labels all of which a host has (role=web,zone=a).", HelpName = "SELECTOR", Required = true,
    };

    private readonly Option<string> reason = RootArguments.Reason();

    private readonly Option<string> validFor = new("--valid-for")
    {
        Description = "How long from now on it may be approved and used.", HelpName = "D", DefaultValueFactory = _ => "1h",
    };

    public Symbol[] All => [on, reason, validFor];

    /// <param name="requester">As root's file names who signs.</param>
    /// <exception cref="CliException">An option means nothing.</exception>
    public GrantDocument Document(Session session, RootPolicyInfo policy, string requester, bool breakGlass, PrivilegeSet privileges, RootTask? task, PrivilegedJob? job)
    {
        var from = DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.ToUnixTimeSeconds());
        return new GrantDocument(
            GrantFormat.Version, GrantId.Of(Guid.CreateVersion7()), policy.Fleet, requester, session.Value(reason)!, breakGlass, RootArguments.Selector(session.Value(on)!),
            from, from.AddSeconds(RootArguments.Seconds(session.Value(validFor)!)), privileges, task, job);
    }
}
