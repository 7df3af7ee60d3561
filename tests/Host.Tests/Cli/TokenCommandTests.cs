using Fleet.Client.Linux;
using Fleet.Host.Tests.Api;
using Fleet.Host.Tests.Grants;
using Fleet.Host.Tests.Whole;
using static Fleet.Host.Tests.Cli.FleetProgram;

namespace Fleet.Host.Tests.Cli;

/// <summary>People whose keys are a FIDO token's, by a token in software.</summary>
public sealed class TokenCommandTests : IAsyncLifetime
{
    private RunningApi api = null!;

    public async Task InitializeAsync()
    {
        api = await RunningApi.Start();
        api.People.WritePolicy();
    }

    public async Task DisposeAsync() => await api.DisposeAsync();

    [SkippableTheory]
    [InlineData("ed25519-sk", "id_ed25519_sk")]
    [InlineData("ecdsa-sk", "id_ecdsa_sk")]
    public async Task A_token_s_key_is_found_by_its_usual_name_and_asks_and_approves(string type, string name)
    {
        People.NeedToken();
        var (alice, bob) = (await Home("alice", type, name), await Home("bob", type, name));
        var id = (await Must(alice, "request", "--on", "host-1", "--reason", "x", "--", "/bin/id")).Trim();
        Assert.Equal($"grant {id} is requested: 1 more must approve it, who asked not among them\n", await Must(bob, "approve", id));
    }

    [SkippableTheory]
    [InlineData("ed25519-sk")]
    [InlineData("ecdsa-sk")]
    public async Task A_changed_byte_another_purpose_and_other_bytes_are_refused(string type)
    {
        People.NeedToken();
        var (id, bob) = (await Requested(), await api.People.Join("bob", type));
        var bytes = (await Run(api, "root", "show", id, "--bytes")).Output;
        var good = await People.Sign(bob, "fleet-grant", bytes);

        // Of the counter, of the flags with the touch, of the signature.
        foreach (var at in new[] { 1, 5, 6 })
        {
            await Refused(id, Changed(good, at), "the signature of key SHA256:");
        }

        await Refused(id, await People.Sign(bob, "fleet-request", bytes), "the signature is for 'fleet-request', and this wants one for 'fleet-grant'");
        await Refused(id, await People.Sign(bob, "fleet-grant", bytes + " "), "it is not over the grant's exact bytes");
        Assert.Equal(0, (await Approve(id, good)).ExitCode);
    }

    [SkippableTheory]
    [InlineData("ed25519-sk,no-touch-required")]
    [InlineData("ecdsa-sk,no-touch-required")]
    public async Task One_that_nobody_touched_does_not_count(string type)
    {
        People.NeedToken();
        var (id, bob) = (await Requested(), await api.People.Join("bob", type));

        await Refused(id, await People.Sign(bob, "fleet-grant", (await Run(api, "root", "show", id, "--bytes")).Output), "its token signed without being touched");
    }

    [SkippableFact]
    public async Task Without_the_token_nothing_is_signed_and_ssh_keygen_s_reason_and_the_way_out_are_said()
    {
        People.NeedToken();
        var refused = await Run(api, "root", "request", "--on", "host-1", "--reason", "x", "--key", await api.People.Join("alice", "ed25519-sk"), "--", "/bin/id");
        Assert.Equal((1, ""), (refused.ExitCode, refused.Output));
        Assert.Contains("Couldn't sign message: device not found", refused.Error, StringComparison.Ordinal);
        Assert.Contains("one of a token signs where that is plugged in", refused.Error, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Whoever_sits_at_a_terminal_is_asked_for_a_touch()
    {
        People.NeedToken();
        Skip.IfNot(File.Exists("/usr/bin/script"), "/usr/bin/script is missing: install bsdutils");
        var (id, bob) = (await Requested(), await api.People.Join("bob", "ed25519-sk"));
        var approve = Command(api, "root", "approve", id, "--key", bob);
        var typed = await new Command("/usr/bin/script", "-qec", string.Join(' ', [approve.Program, .. approve.Args]), "/dev/null") { Env = With(approve, People.WithToken) }.Run();
        Assert.Contains("Confirm user presence for key ED25519-SK SHA256:", typed.Output, StringComparison.Ordinal);
        Assert.Contains($"grant {id} is requested: 1 more must approve it", typed.Output, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Where_ssh_agent_has_the_token_its_public_half_signs()
    {
        People.NeedToken();
        Skip.IfNot(File.Exists("/usr/bin/ssh-agent"), "/usr/bin/ssh-agent is missing: install openssh-client");
        var (id, bob) = (await Requested(), await api.People.Join("bob", "ed25519-sk"));
        var env = new Dictionary<string, string> { ["SSH_AUTH_SOCK"] = $"{api.Folder}/ssh-agent.sock" };
        using var agent = new Command("/usr/bin/ssh-agent", "-D", "-P", People.Token, "-a", env["SSH_AUTH_SOCK"]).Begin();
        try
        {
            await WholeHost.Until("the ssh-agent listens", () => Task.FromResult(File.Exists(env["SSH_AUTH_SOCK"])));
            await People.Must(new Command("/usr/bin/ssh-add", "-q", "-S", People.Token, bob) { Env = env });
            File.Delete(bob);
            var approve = Command(api, "root", "approve", id, "--key", $"{bob}.pub");
            var approved = await (approve with { Env = With(approve, env) }).Run();
            Assert.True(approved.Succeeded, approved.Error);
        }
        finally
        {
            agent.Kill();
            await agent.WaitForExitAsync();
        }
    }

    private async Task<string> Requested() =>
        (await Must("", "request", "--on", "host-1", "--reason", "x", "--key", await api.People.Join("alice"), "--", "/bin/id")).Trim();

    /// <returns>A home folder with somebody's key where ssh looks for it.</returns>
    private async Task<string> Home(string person, string type, string name)
    {
        var home = $"{api.Folder}/{person}";
        var key = await api.People.Join(person, type);
        Directory.CreateDirectory($"{home}/.ssh");
        File.Move(key, $"{home}/.ssh/{name}");
        File.Move($"{key}.pub", $"{home}/.ssh/{name}.pub");
        return home;
    }

    private async Task<string> Must(string home, params string[] args)
    {
        var command = Command(api, ["root", .. args]);
        return (await People.Must(command with { Env = With(command, new Dictionary<string, string>(People.WithToken) { ["HOME"] = home }) })).Output;
    }

    private Task<CommandResult> Approve(string id, string armored) =>
        (Command(api, "root", "approve", id, "--signature", "-") with { Input = _ => Task.FromResult(armored) }).Run();

    private async Task Refused(string id, string armored, string says)
    {
        var refused = await Approve(id, armored);
        Assert.Equal((4, ""), (refused.ExitCode, refused.Output));
        Assert.Contains(says, refused.Error, StringComparison.Ordinal);
    }

    private static string Changed(string armored, int at)
    {
        var bytes = Convert.FromBase64String(string.Concat(armored.Split('\n').Where(line => !line.StartsWith('-'))));
        bytes[^at] ^= 1;
        return $"-----BEGIN SSH SIGNATURE-----\n{Convert.ToBase64String(bytes)}\n-----END SSH SIGNATURE-----\n";
    }

    private static Dictionary<string, string> With(Command command, IReadOnlyDictionary<string, string> env) => new(command.Env.Concat(env));
}
