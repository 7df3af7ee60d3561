using System.Text.Json;
using Fleet.Client.Linux;
using Fleet.Host.Linux;
using Fleet.Host.Tests.Grants;

namespace Fleet.Host.Tests.Whole;

/// <summary>Root for a minute as people have it: the real program, the real helper, real keys.</summary>
[Collection("host init")]
public sealed class RootTaskTests
{
    private const string Marker = "4712.200300400";

    [SkippableFact]
    public async Task What_two_have_signed_runs_once_with_its_output_and_its_code_and_is_in_the_record()
    {
        await using var rooted = await RootedHost.Start();
        var id = await rooted.Approved(["--record"], ["/bin/sh", "-c", "id -u; echo wrong >&2; exit 7"]);

        var ran = await rooted.Host.Fleet("root", "run", id);
        Assert.Equal((7, "0\n", "wrong\n"), (ran.ExitCode, ran.Output, ran.Error));
        var again = await rooted.Host.Fleet("root", "run", id);
        Assert.Equal((1, ""), (again.ExitCode, again.Output));
        Assert.Contains("host-1 has used it 1 time, as often as it says", again.Error, StringComparison.Ordinal);

        Assert.Equal(
            ["grant.requested.v1", "grant.approved.v1", "grant.approved.v1", "grant.activated.v1", "grant.use_begun.v1", "grant.use_ended.v1", "grant.used.v1"],
            await rooted.Host.Events(id));
        Assert.Contains("use 1 on host-1 ended with 7", (await rooted.Host.Fleet("audit", "log", "--job", id)).Output, StringComparison.Ordinal);
        Assert.Contains("host-1 use 1: ended", (await rooted.Host.Fleet("root", "show", id)).Output, StringComparison.Ordinal);

        // The two streams are two pipes: which is read first is chance.
        Assert.Equal(["", "0", "wrong"], (await rooted.Must("root", "show", id, "--play")).Split("\r\n").Order(StringComparer.Ordinal));
    }

    [SkippableFact]
    public async Task What_was_asked_for_and_approved_by_keys_of_tokens_runs()
    {
        People.NeedToken();
        await using var rooted = await RootedHost.Start();
        var (asks, first, second) = (await rooted.People.Join("dave", "ed25519-sk"), await rooted.People.Join("erin", "ecdsa-sk"), await rooted.People.Join("frank", "ed25519-sk"));
        async Task<string> Must(params string[] args)
        {
            var done = await rooted.Host.Fleet(People.WithToken, ["root", .. args]);
            Assert.True(done.Succeeded, done.Error);
            return done.Output;
        }

        var id = (await Must("request", "--on", "host-1", "--reason", "a test", "--uses", "2", "--key", asks, "--", "/usr/bin/id", "-u")).Trim();
        await Must("approve", id, "--key", first);
        Assert.Equal($"grant {id} is active\n", await Must("approve", id, "--key", second));
        Assert.Equal("0\n", await Must("run", id));
        await Must("revoke", id, "--reason", "enough", "--key", first);
        Assert.True(File.Exists($"{rooted.State}/revoked/{id}"));
    }

    [SkippableFact]
    public async Task With_one_signature_missing_the_fleet_refuses_and_so_does_the_host_if_it_is_asked_anyway()
    {
        await using var rooted = await RootedHost.Start();
        var id = await rooted.Approved([], ["/usr/bin/id"], both: false);

        var byFleet = await rooted.Host.Fleet("root", "run", id);
        Assert.Equal((4, ""), (byFleet.ExitCode, byFleet.Output));
        Assert.Contains("1 more must approve it", byFleet.Error, StringComparison.Ordinal);
        var byHost = await rooted.Host.Fleet("root", "run", id, "--anyway");
        Assert.Equal((4, ""), (byHost.ExitCode, byHost.Output));
        Assert.Contains("host host-1 refused use 1", byHost.Error, StringComparison.Ordinal);
        Assert.Contains("(too_few_signers): 2 people other than who asked must have signed", byHost.Error, StringComparison.Ordinal);
        Assert.Equal(["grant.use_begun.v1", "grant.use_refused.v1"], (await rooted.Host.Events(id))[^2..]);
        await rooted.Must("root", "approve", id, "--key", rooted.Carol);
        Assert.Contains("uid=0(root)", await rooted.Must("root", "run", id), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task On_which_hosts_it_does_not_run_is_said()
    {
        await using var rooted = await RootedHost.Start();
        var id = await rooted.Approved([], ["/usr/bin/id", "-u"], on: "host-1,host-2");

        var ran = await rooted.Host.Fleet("root", "run", id);

        Assert.Equal((0, "0\n", $"it runs on host-1; on host-2, for which {id} is too, it does not\n"), (ran.ExitCode, ran.Output, ran.Error));
    }

    [SkippableFact]
    public async Task At_its_timeout_it_is_killed_and_the_code_is_124()
    {
        await using var rooted = await RootedHost.Start();
        var id = await rooted.Approved(["--timeout", "1s"], ["/usr/bin/sleep", Marker]);

        var ran = await rooted.Host.Fleet("root", "run", id);

        Assert.Equal((124, "host host-1: killed at its timeout\n"), (ran.ExitCode, ran.Error));
    }

    [SkippableFact]
    public async Task Whoever_asked_for_it_ends_it_by_going_and_anybody_by_revoking_it()
    {
        await using var rooted = await RootedHost.Start();
        var id = await rooted.Approved(["--uses", "3"], ["/usr/bin/sleep", Marker]);
        using (var run = new Command("/usr/bin/env", $"FLEET_ADDRESS=unix:{rooted.Host.Paths.Socket}", $"DOTNET_ROOT={DotnetRoot}", $"{Staged.Folder}/fleet", "root", "run", id).Begin())
        {
            await Runs(1);
            run.Kill();
            await Runs(0);
        }

        await WholeHost.Until("its end is in the record", async () => (await rooted.Host.Events(id))[^1] == "grant.use_ended.v1");

        var running = rooted.Host.Fleet("root", "run", id);
        await Runs(1);
        await rooted.Must("root", "revoke", id, "--reason", "enough", "--key", rooted.Bob);
        var ended = await running;
        Assert.Equal(137, ended.ExitCode);
        Assert.Contains("ended", ended.Error, StringComparison.Ordinal);
        await Runs(0);
        Assert.True(File.Exists($"{rooted.State}/revoked/{id}"));
    }

    [SkippableFact]
    public async Task Whoever_stops_reading_ends_it_and_so_does_the_agents_end()
    {
        await using var rooted = await RootedHost.Start();
        var id = await rooted.Approved(["--uses", "2"], ["/bin/sh", "-c", $"while echo line; do sleep 0.1; done; sleep {Marker}"]);
        var piped = await new Command("/bin/sh", "-c", $"{Staged.Folder}/fleet root run {id} | head -n 1")
        {
            Env = new Dictionary<string, string> { ["FLEET_ADDRESS"] = $"unix:{rooted.Host.Paths.Socket}", ["DOTNET_ROOT"] = DotnetRoot },
        }.Run();
        Assert.Equal("line\n", piped.Output);
        await WholeHost.Until("its end is in the record", async () => (await rooted.Host.Events(id))[^1] == "grant.use_ended.v1");

        var running = rooted.Host.Fleet("root", "run", id);
        await WholeHost.Until("it runs", async () => (await rooted.Host.Events(id))[^1] == "grant.use_begun.v1");
        await rooted.Host.Fleet("up", "--dir", rooted.Host.Paths.State, "--down");
        Assert.NotEqual(0, (await running).ExitCode);
        Assert.DoesNotContain($"sleep {Marker}", string.Concat(Directory.GetDirectories("/proc").Select(folder => Proc.Read($"{folder}/cmdline"))), StringComparison.Ordinal);
        await rooted.Host.KillAgent();
        await rooted.Host.StartAgent();
    }

    [SkippableFact]
    public async Task What_it_writes_stands_in_a_file_between_what_others_write_there()
    {
        await using var rooted = await RootedHost.Start();
        var id = await rooted.Approved([], ["/bin/echo", "the task"]);
        var file = $"{rooted.Host.Folder}/written";
        var script = $"{{ echo before; {Staged.Folder}/fleet root run {id}; echo after; }} > {file} 2>&1";
        await new Command("/bin/sh", "-c", script) { Env = new Dictionary<string, string> { ["FLEET_ADDRESS"] = $"unix:{rooted.Host.Paths.Socket}" } }.Run();
        Assert.Equal("before\nthe task\nafter\n", await File.ReadAllTextAsync(file));
    }

    [SkippableFact]
    public async Task Killed_with_9_in_the_middle_the_agent_leaves_nothing_running()
    {
        await using var rooted = await RootedHost.Start();
        var id = await rooted.Approved(["--uses", "2"], ["/usr/bin/sleep", Marker]);
        var running = rooted.Host.Fleet("root", "run", id);
        await Runs(1);

        await rooted.Host.KillAgent();

        await Runs(0);
        Assert.Equal(1, (await running).ExitCode);
        await rooted.Host.StartAgent();
        await WholeHost.Until("the root log has told what became of it", async () => (await rooted.Host.Events(id))[^1] == "grant.use_lost.v1");
        Assert.Contains("of the root log: it ended with 137 (cancelled)", (await rooted.Host.Fleet("audit", "log", "--job", id)).Output, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task What_the_host_denies_and_what_the_agent_did_not_report_are_in_the_record()
    {
        await using var rooted = await RootedHost.Start();
        var denied = await rooted.Approved([], ["/usr/bin/id"], both: false);
        await rooted.Host.Fleet("root", "run", denied, "--anyway");
        var id = await rooted.Approved([], ["/usr/bin/id"]);
        await rooted.UseBehindTheAgentsBack(id);
        await rooted.Approved([], ["/usr/bin/id"]);

        await WholeHost.Until("the root log is in the ledger", async () =>
        {
            var log = (await rooted.Host.Fleet("audit", "log", "--kind", "roottask")).Output;
            return log.Contains("(too_few_signers)", StringComparison.Ordinal) && log.Contains($"starting use 1 of {id}, signed by alice and bob and carol; THE FLEET DID NOT BEGIN IT", StringComparison.Ordinal);
        });

        // A policy that cannot be used for a while says nothing of the log.
        var policy = $"{rooted.People.Folder}/policy.json";
        File.SetUnixFileMode(policy, (UnixFileMode)0x1B6);
        var later = await rooted.Approved([], ["/usr/bin/id"]);
        foreach (var _ in (int[])[1, 2])
        {
            Assert.Contains("(policy_unusable)", (await rooted.Host.Fleet("root", "run", later)).Error, StringComparison.Ordinal);
        }

        File.SetUnixFileMode(policy, (UnixFileMode)0x1A4);
        await rooted.Must("root", "run", later);
        await WholeHost.Until("the last use is in the ledger's copy", async () =>
            (await rooted.Host.Fleet("audit", "log", "--kind", "roottask.logged")).Output.Contains($"ended use 1 of {later} with 0", StringComparison.Ordinal));
        Assert.Equal("", (await rooted.Host.Fleet("audit", "log", "--kind", "roottask.log_broken")).Output);
    }

    [SkippableFact]
    public async Task Without_a_helper_nothing_runs_and_the_use_is_not_lost()
    {
        await using var rooted = await RootedHost.Start();
        var id = await rooted.Approved([], ["/usr/bin/id"]);
        rooted.KillHelper();

        var ran = await rooted.Host.Fleet("root", "run", id);

        Assert.Equal(4, ran.ExitCode);
        Assert.Contains("no root helper answers at", ran.Error, StringComparison.Ordinal);
        rooted.StartHelper();
        Assert.Contains("uid=0", await rooted.Must("root", "run", id), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Now_asks_waits_and_runs()
    {
        await using var rooted = await RootedHost.Start();
        var now = rooted.Host.Fleet("root", "now", "--on", "host-1", "--reason", "a test", "--key", rooted.Alice, "--", "/usr/bin/id", "-u");
        string? id = null;
        await WholeHost.Until("the request is there", async () =>
            (id = (await rooted.Host.Json("root", "list", "--pending")).GetProperty("grants").EnumerateArray().FirstOrDefault() is { ValueKind: JsonValueKind.Object } one ? one.GetProperty("id").GetString() : null) is not null);
        await rooted.Must("root", "approve", id!, "--key", rooted.Bob);
        await rooted.Must("root", "approve", id!, "--key", rooted.Carol);

        var ran = await now;

        Assert.Equal((0, "0\n"), (ran.ExitCode, ran.Output));
        Assert.Contains("waiting: 2 more must approve", ran.Error, StringComparison.Ordinal);
    }

    private static string DotnetRoot => Path.GetFullPath($"{System.Runtime.InteropServices.RuntimeEnvironment.GetRuntimeDirectory()}/../../..");

    private static Task Runs(int count) => WholeHost.Until($"{count} tasks run", () => Task.FromResult(
        Proc.WithArgument(Marker).Count(pid => Proc.CommandLine(pid)?.StartsWith("/usr/bin/sleep", StringComparison.Ordinal) == true) == count));
}
