using Fleet.Host.Tests.Grants;

namespace Fleet.Host.Tests.Whole;

/// <summary>Grants by the real program, real keys and root's real files; nothing is run by them here.</summary>
[Collection("host init")]
public sealed class GrantTests
{
    [SkippableFact]
    public async Task A_grant_is_asked_for_looked_at_signed_with_ssh_keygen_alone_and_by_key_and_outlives_the_agent()
    {
        await using var host = await Begin();
        var (people, alice, bob, carol) = await Three(host);
        var id = await Ask(host, alice);
        var shown = await host.Fleet("root", "show", id);
        foreach (var words in new[] { "\"/usr/bin/id\"", "\"-u\\u001b\"", "run_as_root: is user or group 0", "2 more must approve it", $"fleet root show {id} --bytes | ssh-keygen -Y sign -n fleet-grant -f KEY" })
        {
            Assert.Contains(words, shown.Output, StringComparison.Ordinal);
        }

        var bytes = (await host.Fleet("root", "show", id, "--bytes")).Output;
        var file = $"{host.Folder}/sig";
        await File.WriteAllTextAsync(file, await People.Sign(bob, "fleet-grant", bytes));
        Assert.Equal($"grant {id} is requested: 1 more must approve it, who asked not among them\n", await Done(host, "root", "approve", id, "--signature", file));
        Assert.Equal($"grant {id} is active\n", await Done(host, "root", "approve", id, "--key", carol));
        Assert.Equal($"grant {id} was so already: nothing changed\n", await Done(host, "root", "approve", id, "--key", carol));
        await host.KillAgent();
        await host.StartAgent();
        var grant = await host.Json("root", "show", id);
        Assert.Equal(("active", bytes), (grant.GetProperty("state").GetString(), grant.GetProperty("document").GetString()));
        Assert.Equal(["grant.requested.v1", "grant.approved.v1", "grant.approved.v1", "grant.activated.v1"], await host.Events(id));
        var log = await host.Fleet("audit", "log", "--kind", "grant");
        Assert.Contains("requested by alice (SHA256:", log.Output, StringComparison.Ordinal);
        Assert.Contains("(disk is full)", log.Output, StringComparison.Ordinal);
        Assert.Equal(4, log.Output.Count(c => c == '\n'));
        Assert.Equal("", (await host.Fleet("root", "list", "--pending", "--json")).Error);
        Assert.Equal($"grant {id} is revoked: done\n", await Done(host, "root", "revoke", id, "--reason", "done"));
        Assert.Empty(Directory.GetFileSystemEntries(host.Paths.Signatures));
        Assert.DoesNotContain(people.Folder, (await host.Fleet("root", "list")).Output, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Whoever_may_not_is_refused_with_4_and_says_why()
    {
        await using var host = await Begin();
        var (people, alice, bob, _) = await Three(host);
        var stranger = await people.Key();
        await Denied(host, "is nobody's on host 'host-1'", ["root", "request", "--on", "host-1", "--reason", "x", "--key", stranger, "--", "/usr/bin/id"]);
        var id = await Ask(host, alice);
        await Denied(host, "alice asked for it, and who asks does not approve", ["root", "approve", id, "--key", alice]);
        await Denied(host, "is nobody's in ", ["root", "approve", id, "--key", stranger]);
        var bytes = (await host.Fleet("root", "show", id, "--bytes")).Output;
        var file = $"{host.Folder}/sig";
        await File.WriteAllTextAsync(file, await People.Sign(bob, "fleet-grant", bytes + "\n"));
        await Denied(host, "it is not over the grant's exact bytes", ["root", "approve", id, "--signature", file]);
        await File.WriteAllTextAsync(file, await People.Sign(bob, "fleet-request", bytes));
        await Denied(host, "the signature is for 'fleet-request', and this wants one for 'fleet-grant'", ["root", "approve", id, "--signature", file]);
        var refused = (await host.Fleet("audit", "log", "--kind", "grant.approval_refused")).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(4, refused.Length);
        Assert.All(refused, line => Assert.Contains("an approval was refused: ", line, StringComparison.Ordinal));
        Assert.Contains("it is not over the grant's exact bytes", refused[2], StringComparison.Ordinal);
        Assert.Equal($"grant {id} is denied: no need\n", await Done(host, "root", "deny", id, "--reason", "no need"));
        var over = await host.Fleet("root", "approve", id, "--key", bob);
        Assert.Equal((1, "fleet: the grant has ended: denied; ask for another"), (over.ExitCode, over.Error.Split('\n')[^2]));
        Assert.Equal(3, (await host.Fleet("root", "show", "g-0000000000000000")).ExitCode);
        File.Delete($"{people.Folder}/policy.json");
        await Denied(host, "so nobody is granted anything here: root sets up both files once, as docs/root.md says", ["root", "request", "--on", "host-1", "--reason", "x", "--key", alice, "--", "/usr/bin/id"]);
    }

    [SkippableFact]
    public async Task Break_glass_takes_one_and_is_shown_until_somebody_else_has_reviewed_it()
    {
        await using var host = await Begin();
        var (_, alice, bob, _) = await Three(host);
        var id = await Ask(host, alice, "break-glass");
        Assert.Equal($"grant {id} is active\n", await Done(host, "root", "approve", id, "--key", alice));
        await Done(host, "root", "revoke", id, "--reason", "done");
        Assert.Contains("revoked, review due", (await host.Fleet("root", "list", "--active")).Output, StringComparison.Ordinal);
        await Denied(host, "alice asked for it or approved it; somebody else reviews", ["root", "review", id, "--key", alice]);
        Assert.Equal($"grant {id} is revoked: done; reviewed\n", await Done(host, "root", "review", id, "--key", bob));
        Assert.Equal("", (await host.Fleet("root", "list", "--active")).Error);
        Assert.DoesNotContain(id, (await host.Fleet("root", "list", "--active")).Output, StringComparison.Ordinal);
    }

    private static async Task<WholeHost> Begin()
    {
        Skip.IfNot(File.Exists("/usr/bin/ssh-keygen"), "/usr/bin/ssh-keygen is missing: run build/install-deps.sh");
        var host = await WholeHost.Prepare();
        await host.Configure($"root.policy = \"{new People(host.Folder).Folder}\"");
        await host.StartAgent();
        return host;
    }

    private static async Task<(People People, string Alice, string Bob, string Carol)> Three(WholeHost host)
    {
        var people = new People(host.Folder);
        people.WritePolicy();
        return (people, await people.Join("alice"), await people.Join("bob", "ecdsa"), await people.Join("carol", "rsa"));
    }

    private static async Task<string> Ask(WholeHost host, string key, string verb = "request") =>
        (await Done(host, "root", verb, "--on", "host-1", "--reason", "disk is full", "--key", key, "--", "/usr/bin/id", "-u\u001b")).Trim();

    private static async Task<string> Done(WholeHost host, params string[] args)
    {
        var result = await host.Fleet(args);
        Assert.True(result.Succeeded, $"fleet {string.Join(' ', args)}: {result.Error}");
        return result.Output;
    }

    private static async Task Denied(WholeHost host, string says, string[] args)
    {
        var result = await host.Fleet(args);
        Assert.Equal((4, ""), (result.ExitCode, result.Output));
        Assert.Contains(says, result.Error, StringComparison.Ordinal);
    }
}
