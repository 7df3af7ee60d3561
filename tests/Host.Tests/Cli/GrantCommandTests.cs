using System.Text.Json;
using Fleet.Client.Api;
using Fleet.Client.Grants;
using Fleet.Client.Linux;
using Fleet.Host.Linux;
using Fleet.Host.Tests.Api;
using Fleet.Host.Tests.Grants;
using Fleet.Host.Tests.Whole;
using static Fleet.Host.Tests.Cli.FleetProgram;

namespace Fleet.Host.Tests.Cli;

public sealed class GrantCommandTests : IAsyncLifetime
{
    private RunningApi api = null!;
    private string alice = "";

    public async Task InitializeAsync()
    {
        api = await RunningApi.Start();
        api.People.WritePolicy();
        alice = await api.People.Join("alice");
    }

    public async Task DisposeAsync() => await api.DisposeAsync();

    [Fact]
    public async Task What_is_asked_for_is_what_the_options_say_and_the_rest_has_its_default()
    {
        var plain = await Document("--on", "web-1,web-2", "--", "/usr/bin/id", "-u", "@x", "--json");
        Assert.Equal(
            """{"argv":["/usr/bin/id","-u","@x","--json"],"program":null,"env":{"LANG":"C.UTF-8","PATH":"/usr/sbin:/usr/bin:/sbin:/bin"},"workdir":"/","uid":0,"gid":0,"groups":[],"uses_per_host":1,"timeout_seconds":60,"output_limit":1048576,"record":false}""",
            Compact(plain.GetProperty("root_task")));
        Assert.Equal("""{"names":["web-1","web-2"],"labels":{}}""", Compact(plain.GetProperty("hosts")));
        Assert.Equal(("""["run_as_root"]""", false), (Compact(plain.GetProperty("privileges")), plain.GetProperty("break_glass").GetBoolean()));
        Assert.Equal(TimeSpan.FromHours(1), plain.GetProperty("not_after").GetDateTimeOffset() - plain.GetProperty("not_before").GetDateTimeOffset());

        var full = await Document(
            "--on", "role=web,zone=a", "--timeout", "5m", "--valid-for", "30m", "--user", "1000:1001", "--groups", "4,5", "--workdir", "/srv", "--env", "LANG=C", "--env", "A=b=c",
            "--uses", "3", "--output-limit", "64K", "--program-digest", $"sha256:{new string('a', 64)}", "--record", "--break-glass",
            "--privileges", "unrestricted_volume:/srv:rw,exec,host_network", "--privileges", "capability:NET_ADMIN", "--", "/usr/bin/id");
        Assert.Equal(
            $$"""{"argv":["/usr/bin/id"],"program":"sha256:{{new string('a', 64)}}","env":{"A":"b=c","LANG":"C","PATH":"/usr/sbin:/usr/bin:/sbin:/bin"},"workdir":"/srv","uid":1000,"gid":1001,"groups":[4,5],"uses_per_host":3,"timeout_seconds":300,"output_limit":65536,"record":true}""",
            Compact(full.GetProperty("root_task")));
        Assert.Equal("""["capability:NET_ADMIN","host_network","unrestricted_volume:/srv:rw,exec"]""", Compact(full.GetProperty("privileges")));
        Assert.Equal(("""{"names":[],"labels":{"role":"web","zone":"a"}}""", true), (Compact(full.GetProperty("hosts")), full.GetProperty("break_glass").GetBoolean()));
    }

    [Theory]
    [InlineData("a grant names its program by an absolute path; got 'sh', which here is /usr/bin/sh: write that", "--", "sh")]
    [InlineData("a grant names its program by an absolute path; got 'no-such-program-here'", "--", "no-such-program-here")]
    [InlineData("'run_as_rot' is not a privilege; did you mean 'run_as_root'?", "--privileges", "run_as_rot", "--", "/bin/id")]
    [InlineData("--user takes numbers, for names differ between hosts; got 'bob'", "--user", "bob", "--", "/bin/id")]
    [InlineData("a variable is K=V; got 'X'", "--env", "X", "--", "/bin/id")]
    [InlineData("a grant's times are whole seconds; got '1.5s'", "--timeout", "1.5s", "--", "/bin/id")]
    [InlineData("a size is a number and a unit", "--output-limit", "much", "--", "/bin/id")]
    [InlineData("a digest is sha256: and 64 hex digits", "--program-digest", "md5:1", "--", "/bin/id")]
    [InlineData("--uses is a number from 1 to 1000, not '99999999999'", "--uses", "99999999999", "--", "/bin/id")]
    [InlineData("--uses is a number from 1 to 1000, not '0'", "--uses", "0", "--", "/bin/id")]
    [InlineData("root_task.timeout_seconds: from 1 to 86400 seconds; got 0", "--timeout", "0s", "--", "/bin/id")]
    [InlineData("root_task.argv[0]: an absolute path", "--", "./id")]
    [InlineData("there is no key /nothing/here", "--key", "/nothing/here", "--", "/bin/id")]
    public async Task What_cannot_be_asked_for_is_refused_before_anything_is_signed(string says, params string[] args)
    {
        var refused = await Run(api, ["root", "request", "--on", "web-1", "--reason", "x", .. args.Contains("--key") ? args : ["--key", alice, .. args]]);
        Assert.Equal((2, ""), (refused.ExitCode, refused.Output));
        Assert.Contains(says, refused.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("System.", refused.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nohost,host-1", "warning: this agent knows no host nohost, but host-1 alone: before one joins, nothing runs there\n")]
    [InlineData("a,b", "warning: this agent knows no host a and no host b, but host-1 alone")]
    [InlineData("role=db", "warning: this agent knows no host with role=db, but host-1 alone")]
    [InlineData("host-1", null)]
    [InlineData("role=web", null)]
    public async Task Hosts_that_nobody_knows_are_asked_for_with_a_warning(string selector, string? warning)
    {
        var asked = await Run(api, "root", "request", "--on", selector, "--reason", "x", "--key", alice, "--", "/bin/id");
        Assert.Equal(0, asked.ExitCode);
        Assert.Contains(warning ?? "", asked.Error, StringComparison.Ordinal);
        Assert.Equal(warning is not null, asked.Error.Contains("warning", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("web-1,role=web")]
    [InlineData("role=web,role=db")]
    public async Task Hosts_are_named_or_chosen_by_labels_each_once(string selector)
    {
        var refused = await Run(api, "root", "request", "--on", selector, "--reason", "x", "--key", alice, "--", "/bin/id");
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("hosts are names, or labels each of which stands once", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_first_of_the_callers_own_keys_signs_where_none_is_named()
    {
        var args = new[] { "root", "request", "--on", "web-1", "--reason", "x", "--", "/bin/id" };
        var none = await At(Command(api, args), api.Folder);
        Assert.Contains($"{api.Folder}/.ssh has none of id_ed25519, id_ecdsa, id_rsa, id_ed25519_sk, id_ecdsa_sk: name a key with --key", none.Error, StringComparison.Ordinal);
        Directory.CreateDirectory($"{api.Folder}/.ssh");
        File.Move(alice, $"{api.Folder}/.ssh/id_ecdsa");
        Assert.Matches(@"^g-[0-9a-f]{16}\n\z", (await At(Command(api, args), api.Folder)).Output);
    }

    [SkippableFact]
    public async Task A_passphrase_is_asked_for_on_the_terminal_and_without_one_the_way_out_is_said()
    {
        Skip.IfNot(File.Exists("/usr/bin/script"), "/usr/bin/script is missing: install bsdutils");
        var id = (await Ask()).Trim();
        var bob = await api.People.Join("bob", passphrase: "secret words");
        var without = await Run(api, "root", "approve", id, "--key", bob);
        Assert.Equal((1, ""), (without.ExitCode, without.Output));
        Assert.Contains("incorrect passphrase supplied to decrypt private key", without.Error, StringComparison.Ordinal);
        Assert.Contains("once ssh-add has put it into ssh-agent", without.Error, StringComparison.Ordinal);

        var approve = Command(api, "root", "approve", id, "--key", bob);
        var typed = await new Command("/usr/bin/script", "-qec", string.Join(' ', [approve.Program, .. approve.Args]), "/dev/null")
        {
            Env = approve.Env, Input = async cancel =>
            {
                // What is typed before the question is asked is thrown away by whoever asks.
                await WholeHost.Until("ssh-keygen asks", () => Task.FromResult(Asks(bob)));
                await Task.Delay(TimeSpan.FromSeconds(1), cancel);
                return "secret words\n";
            },
        }.Run();
        Assert.Contains("Enter passphrase", typed.Output, StringComparison.Ordinal);
        Assert.Contains($"grant {id} is requested: 1 more must approve it", typed.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_signature_comes_also_by_standard_input()
    {
        var id = (await Ask()).Trim();
        var bob = await api.People.Join("bob");
        var bytes = (await Run(api, "root", "show", id, "--bytes")).Output;
        var armored = await People.Sign(bob, "fleet-grant", bytes);
        var approved = await (Command(api, "root", "approve", id, "--signature", "-") with { Input = _ => Task.FromResult(armored) }).Run();
        Assert.Equal($"grant {id} is requested: 1 more must approve it, who asked not among them\n", approved.Output);
    }

    [Fact]
    public async Task With_json_the_answer_is_the_api_s_and_errors_are_json_too()
    {
        var asked = JsonDocument.Parse(await Ask("--json")).RootElement;
        Assert.Equal("requested", asked.GetProperty("grant").GetProperty("state").GetString());
        var id = asked.GetProperty("grant").GetProperty("id").GetString()!;
        Assert.Equal(id, JsonDocument.Parse((await Run(api, "root", "list", "--json")).Output).RootElement.GetProperty("grants")[0].GetProperty("id").GetString());
        var refused = await Run(api, "root", "approve", id, "--key", alice, "--json");
        Assert.Equal((4, ErrorCodes.Denied), (refused.ExitCode, JsonDocument.Parse(refused.Error).RootElement.GetProperty("error").GetProperty("code").GetString()));
    }

    [Theory]
    [InlineData("root show g-1", "'g-1' is not a grant: a grant's id is g- and 16 lower-case hex digits")]
    [InlineData("root show g-0000000000000000 --play --json", "--play shows a recording on the terminal, and has no JSON")]
    [InlineData("root show g-0000000000000000 --play --use 0", "--use is a number from 1 to 1000, not '0'")]
    [InlineData("root list --all --pending", "--pending, --active and --all: one of them")]
    [InlineData("root approve g-0000000000000000 --key a --signature b", "--key signs and --signature has been signed: one of them")]
    [InlineData("root deny g-0000000000000000", "--reason")]
    [InlineData("root approve g-0000000000000000 --signature /nothing/here", "/nothing/here cannot be read")]
    public async Task A_wrong_command_line_about_a_grant_exits_with_2(string line, string says)
    {
        var result = await Run(api, line.Split(' '));
        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.Contains(says, result.Error, StringComparison.Ordinal);
    }

    private async Task<string> Ask(params string[] more)
    {
        var asked = await Run(api, ["root", "request", "--on", "web-1", "--reason", "x", "--key", alice, .. more, "--", "/bin/id"]);
        Assert.True(asked.ExitCode == 0, asked.Error);
        return asked.Output;
    }

    private async Task<JsonElement> Document(params string[] args)
    {
        var asked = await Run(api, ["root", "request", "--reason", "x", "--key", alice, .. args]);
        Assert.True(asked.ExitCode == 0, asked.Error);
        return JsonDocument.Parse((await Run(api, "root", "show", asked.Output.Trim(), "--bytes")).Output).RootElement;
    }

    private static bool Asks(string key) => Directory.GetDirectories("/proc").Any(folder =>
        int.TryParse(Path.GetFileName(folder), out var pid) && Proc.CommandLine(pid) is { } line && line.StartsWith(SshKeygen.Program, StringComparison.Ordinal) && line.Contains(key, StringComparison.Ordinal));

    private static Task<CommandResult> At(Command command, string home) => (command with { Env = new Dictionary<string, string>(command.Env) { ["HOME"] = home } }).Run();

    private static string Compact(JsonElement json) => JsonSerializer.Serialize(json, new JsonSerializerOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
