using System.Text.Json;
using Fleet.Client.Linux;
using Fleet.Host.Tests.Api;
using static Fleet.Host.Tests.Cli.FleetProgram;

namespace Fleet.Host.Tests.Cli;

/// <summary>Asking for a job, comparing, approving, running, and looking at what it may, as people type it.</summary>
public sealed class JobGrantCommandTests : IAsyncLifetime
{
    private const string File = """
        job: silk
        processes:
        - name: web
          executable: /bin/web
        - name: root
          executable: /bin/root
          capabilities: [NET_ADMIN]
          unsafe: {host_pid_namespace: true}
        """;

    private RunningApi api = null!;
    private string alice = "", bob = "", carol = "", file = "";

    public async Task InitializeAsync()
    {
        api = await RunningApi.Start(process => Statuses.Running(process) with { Difference = process.Name == "root" ? "CapEff has CAP_SYS_ADMIN" : null });
        api.People.WritePolicy();
        (alice, bob, carol) = (await api.People.Join("alice"), await api.People.Join("bob"), await api.People.Join("carol"));
        file = Write(File);
    }

    public async Task DisposeAsync() => await api.DisposeAsync();

    [Fact]
    public async Task What_is_asked_for_is_what_the_file_says_and_whoever_approves_can_compare_it()
    {
        var validated = await Run(null, "job", "validate", file);
        var content = validated.Output.Split('\n')[1]["content ".Length..];
        Assert.EndsWith("it needs a grant to run: fleet root request --job FILE --on HOST --reason TEXT\n", validated.Output, StringComparison.Ordinal);

        var asked = await Ask("--at-end", "keep_running", "--valid-for", "90m");
        Assert.Contains($"runs          job silk with the content {content}", asked.Error, StringComparison.Ordinal);
        var document = JsonDocument.Parse((await Run(api, "root", "show", asked.Output.Trim(), "--bytes")).Output).RootElement;
        Assert.Equal(("silk", content, "keep_running"), (Text(document, "job"), Text(document, "content"), Text(document, "at_end")));
        Assert.Equal(["capability:NET_ADMIN", "host_pid_namespace"], document.GetProperty("privileges").EnumerateArray().Select(p => p.GetString()!));
        Assert.Equal(TimeSpan.FromMinutes(90), document.GetProperty("not_after").GetDateTimeOffset() - document.GetProperty("not_before").GetDateTimeOffset());
        var words = (await Run(api, "root", "show", asked.Output.Trim())).Output;
        Assert.Contains("privileges    capability:NET_ADMIN: has the kernel's CAP_NET_ADMIN", words, StringComparison.Ordinal);
        Assert.Contains("at its end    the job's processes go on, and are not started again", words, StringComparison.Ordinal);
        Assert.Contains("job silk", (await Run(api, "root", "list")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_and_values_in_place_of_the_file_s_are_part_of_what_is_asked_for()
    {
        string[] change = ["--name", "team/silk2", "--set", "processes.root.executable=/bin/other"];
        var report = JsonDocument.Parse((await Run(null, ["job", "validate", file, .. change, "--json"])).Output).RootElement;
        var id = (await Ask(change)).Output.Trim();
        var document = JsonDocument.Parse((await Run(api, "root", "show", id, "--bytes")).Output).RootElement;
        Assert.Equal(("team/silk2", report.GetProperty("digest").GetString()), (Text(document, "job"), Text(document, "content")));
    }

    [Fact]
    public async Task Refused_approved_and_run_and_then_as_a_task_not()
    {
        Assert.Equal(4, (await Run(api, "job", "run", file)).ExitCode);
        var id = await Granted();
        var ran = await Run(api, "job", "run", file);
        Assert.Equal((0, "job silk version 1 runs: 2 of 2 processes\n"), (ran.ExitCode, ran.Output));
        Assert.Matches($"grant       {id}, until ", (await Run(api, "job", "status", "silk")).Output);
        Assert.Contains("root: THE KERNEL'S VIEW DIFFERS: CapEff has CAP_SYS_ADMIN", (await Run(api, "job", "status", "silk")).Output, StringComparison.Ordinal);
        Assert.Contains($"  grant: {id}, until ", (await Run(api, "job", "plan", file)).Output, StringComparison.Ordinal);

        var task = await Run(api, "root", "run", id);
        Assert.Equal(2, task.ExitCode);
        Assert.Contains("the grant is for job silk, which its hosts start by themselves while it is active; submit it: fleet job run FILE", task.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unsafe_processes_are_listed_with_their_grant_what_is_left_of_it_and_the_kernel_s_view_beside_the_declared_one()
    {
        Assert.Equal("no process asks for more than the baseline\n", (await Run(api, "job", "unsafe")).Output);
        var id = await Granted();
        await Run(api, "job", "run", file);
        var lines = (await Run(api, "job", "unsafe")).Output.Split('\n');
        Assert.Equal("silk:root version 1 on host-1, running", lines[0]);
        Assert.Equal("  asks for  capability:NET_ADMIN (by capabilities)", lines[1]);
        Assert.Equal("  asks for  host_pid_namespace (by unsafe.host_pid_namespace)", lines[2]);
        Assert.Matches($"^  grant     {id}: 59m left$", lines[3]);
        Assert.Equal("  declared  uid and gid of its own; capabilities NET_ADMIN; seccomp on; no_new_privs on; of the host net pid user", lines[4]);
        Assert.Equal("  kernel    uid 0, gid 0; capabilities NET_ADMIN SYS_ADMIN; seccomp off; no_new_privs off; of the host net user", lines[5]);
        Assert.Equal("  DIFFERS   CapEff has CAP_SYS_ADMIN", lines[6]);

        await Run(api, "root", "revoke", id, "--reason", "enough");
        var json = Assert.Single(JsonDocument.Parse((await Run(api, "job", "unsafe", "--json")).Output).RootElement.GetProperty("processes").EnumerateArray());
        Assert.Equal((JsonValueKind.Null, $"none: {id} does not cover it: it was revoked: enough"), (json.GetProperty("grant").ValueKind, json.GetProperty("left").GetString()));
    }

    [Theory]
    [InlineData("what is asked for? a COMMAND by its absolute path, after --, or a job with --job FILE", "")]
    [InlineData("--job asks for a job and a COMMAND for a root task: one of them", "--job x.yml -- /bin/id")]
    [InlineData("--timeout is of a root task, and --job asks for a job, which has it not", "--job x.yml --timeout 1m")]
    [InlineData("--privileges is of a root task, and --job asks for a job, which has it not", "--job x.yml --privileges no_seccomp")]
    [InlineData("--at-end is of a job: name its file with --job", "--at-end stop -- /bin/id")]
    [InlineData("--set is of a job: name its file with --job", "--set a=b -- /bin/id")]
    [InlineData("keep_running", "--job x.yml --at-end later")]
    [InlineData("/nothing/here.yml", "--job /nothing/here.yml")]
    public async Task What_does_not_go_together_exits_with_2(string says, string more)
    {
        foreach (var verb in new[] { "request", "break-glass" })
        {
            var refused = await Run(api, ["root", verb, "--on", "host-1", "--reason", "x", "--key", alice, .. more.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);
            Assert.Equal((2, ""), (refused.ExitCode, refused.Output));
            Assert.Contains(says, refused.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_job_of_the_baseline_needs_no_grant_and_one_with_mistakes_gets_none()
    {
        file = Write(JobFiles.Web);
        var needless = await Request();
        Assert.Equal(2, needless.ExitCode);
        Assert.Contains($"job web asks for nothing beyond the baseline and needs no grant: fleet job run {file}", needless.Error, StringComparison.Ordinal);
        file = Write(JobFiles.TwoMistakes);
        var wrong = await Request();
        Assert.Equal(2, wrong.ExitCode);
        Assert.Contains($"{file}:2:", wrong.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Break_glass_lets_a_job_run_by_one_signature()
    {
        var asked = await Run(api, "root", "break-glass", "--job", file, "--on", "host-1", "--reason", "down", "--key", alice);
        Assert.True(asked.ExitCode == 0, asked.Error);
        await Run(api, "root", "approve", asked.Output.Trim(), "--key", alice);
        Assert.Equal(0, (await Run(api, "job", "run", file)).ExitCode);
    }

    private async Task<string> Granted()
    {
        var id = (await Ask()).Output.Trim();
        foreach (var key in new[] { bob, carol })
        {
            Assert.Equal(0, (await Run(api, "root", "approve", id, "--key", key)).ExitCode);
        }

        return id;
    }

    private async Task<CommandResult> Ask(params string[] more)
    {
        var asked = await Request(more);
        Assert.True(asked.ExitCode == 0, asked.Error);
        return asked;
    }

    private Task<CommandResult> Request(params string[] more) =>
        Run(api, ["root", "request", "--job", file, "--on", "host-1", "--reason", "x", "--key", alice, .. more]);

    private string Write(string content)
    {
        var path = $"{api.Folder}/{Guid.NewGuid():N}.yml";
        System.IO.File.WriteAllText(path, content);
        return path;
    }

    private static string? Text(JsonElement document, string member) => document.GetProperty("privileged_job").GetProperty(member).GetString();
}
