using System.Net.Sockets;
using Microsoft.Data.Sqlite;

namespace Fleet.Host.Tests.Whole;

/// <summary>What the agent refuses, tried as an operator would run into it; and that nothing is lost by it.</summary>
[Collection("host init")]
public class AgentRefusalTests
{
    private const string Sleeper = "job: one\nprocesses:\n- {name: sleeper, executable: /bin/sleep, args: [600]}\n";

    [SkippableFact]
    public async Task A_second_agent_on_the_same_folder_is_refused_and_the_first_goes_on()
    {
        await using var host = await WholeHost.Start();
        var rows = StoredRows.Of(host).Rows.Count;
        var second = await host.AgentToItsEnd();
        Assert.Equal(1, second.ExitCode);
        Assert.Contains($"{host.Paths.State} has the agent with pid {host.AgentPid}", second.Error, StringComparison.Ordinal);
        Assert.Equal(rows, StoredRows.Of(host).Rows.Count);
        Assert.DoesNotContain("   at ", second.Error, StringComparison.Ordinal);
        Assert.True((await host.Fleet("host", "status")).Succeeded);
    }

    [SkippableFact]
    public async Task A_second_agent_of_the_user_is_refused_whatever_its_folder_and_cgroup()
    {
        await using var host = await WholeHost.Start();
        await host.Shell("mkdir other; chown --reference=. other");
        var before = await File.ReadAllTextAsync(host.Config);
        await File.WriteAllTextAsync(host.Config, $"fleet {{ state = \"{host.Paths.State}/other\", sandbox.cgroup = none }}");
        var second = await host.AgentToItsEnd();
        await File.WriteAllTextAsync(host.Config, before);
        Assert.Equal(1, second.ExitCode);
        Assert.Contains("this user runs another agent on this host", second.Error, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Root_is_refused()
    {
        await using var host = await WholeHost.Prepare();
        var root = await host.Fleet("agent", "--config", host.Config);
        Assert.Equal(1, root.ExitCode);
        Assert.Contains("root", root.Error, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData("wat = 1", "there is no key 'fleet.wat'")]
    [InlineData("roles = [\"king\"]", "fleet.roles is 'king'")]
    [InlineData("sandbox.starts-at-once = 5000", "fleet.sandbox.starts-at-once is '5000'")]
    [InlineData("job-logs.max-size = 1KiB", "fleet.job-logs.max-size is '1KiB'")]
    [InlineData("log.level = loud", "fleet.log.level is 'loud'")]
    [InlineData("host-name = \"a/b\"", "fleet.host-name is 'a/b'")]
    [InlineData("telemetry.otlp-endpoint = nonsense", "fleet.telemetry.otlp-endpoint is 'nonsense'")]
    [InlineData("sandbox.start-timeout = 0s", "fleet.sandbox.start-timeout is '0s'")]
    [InlineData("sandbox.conmon = conmon", "fleet.sandbox.conmon is 'conmon'")]
    [InlineData("sandbox.tini = tini", "fleet.sandbox.tini is 'tini'")]
    public async Task A_wrong_configuration_is_refused_naming_the_key(string line, string says)
    {
        await using var host = await WholeHost.Prepare();
        await host.Configure(line);
        var agent = await host.AgentToItsEnd();
        Assert.Equal(2, agent.ExitCode);
        Assert.Contains(says, agent.Error, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_place_taken_for_the_api_is_refused_and_left_alone()
    {
        await using var host = await WholeHost.Prepare();
        await File.WriteAllTextAsync(host.Paths.Socket, "precious");
        var agent = await host.AgentToItsEnd();
        Assert.Equal(1, agent.ExitCode);
        Assert.Contains(host.Paths.Socket, agent.Error, StringComparison.Ordinal);
        Assert.Equal("precious", await File.ReadAllTextAsync(host.Paths.Socket));
        File.Delete(host.Paths.Socket);
    }

    [SkippableTheory]
    [InlineData(0x1B6, "somebody answers at")]
    [InlineData(0x180, "is somebody else's")]
    public async Task A_socket_of_another_program_at_the_apis_place_is_refused_and_goes_on_answering(int mode, string says)
    {
        await using var host = await WholeHost.Prepare();
        using (var other = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            other.Bind(new UnixDomainSocketEndPoint(host.Paths.Socket));
            other.Listen();
            File.SetUnixFileMode(host.Paths.Socket, (UnixFileMode)mode);
            var agent = await host.AgentToItsEnd();
            Assert.Equal(1, agent.ExitCode);
            Assert.Contains(says, agent.Error, StringComparison.Ordinal);
            Assert.Contains(host.Paths.Socket, agent.Error, StringComparison.Ordinal);
            using var caller = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await caller.ConnectAsync(new UnixDomainSocketEndPoint(host.Paths.Socket));
        }

        File.Delete(host.Paths.Socket);
    }

    [SkippableFact]
    public async Task A_cgroup_that_nobody_delegated_fails_the_process_with_the_remedy_and_not_the_agent()
    {
        await using var host = await WholeHost.Prepare();
        await host.Configure("sandbox.cgroup = \"fleet-nobody-delegated\"");
        await host.StartAgent();
        Assert.True((await host.Run(Sleeper, "--detach")).Succeeded);
        await WholeHost.Until("the remedy is shown", async () => (await host.Fleet("job", "status", "one")).Output.Contains("run `fleet host init` once as root", StringComparison.Ordinal));
        Assert.Contains("process.start_failed.v1", await host.Events("one:sleeper"));
        Assert.Empty(await host.Pids());
        await host.KillAgent();
    }

    [SkippableFact]
    public async Task A_job_file_of_100_MB_is_refused_and_the_agent_never_sees_it()
    {
        await using var host = await WholeHost.Start();
        var before = StoredRows.Of(host).Rows.Count;
        var run = await host.Run(Sleeper + "#" + new string('x', 100_000_000));
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("has at most 1048576 bytes", run.Error, StringComparison.Ordinal);
        Assert.Equal(before, StoredRows.Of(host).Rows.Count);
    }

    [SkippableFact]
    public async Task A_missing_runtime_fails_the_process_with_the_reason_and_not_the_agent()
    {
        await using var host = await WholeHost.Prepare();
        await host.Configure("sandbox.runtime = \"/opt/no/crun\"");
        await host.StartAgent();
        await host.Run(Sleeper, "--detach");
        await WholeHost.Until("the reason is shown", async () => (await host.Fleet("job", "status", "one")).Output.Contains("/opt/no/crun", StringComparison.Ordinal));
        Assert.Contains("process.start_failed.v1", await host.Events("one:sleeper"));
        await host.KillAgent();
    }

    [SkippableTheory]
    [InlineData("job.submitted.v1", "job/default/one")]
    [InlineData("process.started.v1", "process/.*/one:sleeper")]
    [InlineData("host.process_assigned.v1", "host/.*")]
    public async Task A_row_that_cannot_be_read_ends_the_agent_naming_it_and_the_job_lives_on(string name, string stream)
    {
        await using var host = await WholeHost.Start();
        Assert.True((await host.Run(Sleeper)).Succeeded);
        var pid = (await host.Pids())["one:sleeper"];
        await host.KillAgent();
        var original = Change(host, name, row => row[..100]);
        var agent = await host.AgentToItsEnd();
        Assert.Equal(1, agent.ExitCode);
        Assert.Matches($@"row \d+ \({stream} number \d+, {name}\)", agent.Error);
        Assert.True(Directory.Exists($"/proc/{pid}"));

        Change(host, name, _ => original);
        await host.StartAgent();
        Assert.Equal(pid, (await host.Pids())["one:sleeper"]);
    }

    [SkippableFact]
    public async Task A_ledger_whose_last_row_is_gone_ends_the_agent_naming_it_and_the_job_lives_on()
    {
        await using var host = await WholeHost.Start();
        Assert.True((await host.Run(Sleeper)).Succeeded);
        var pid = (await host.Pids())["one:sleeper"];
        await host.KillAgent();
        await host.Shell("cp -a ledger kept");
        Sql(host, "DELETE FROM journal WHERE ordering = (SELECT max(ordering) FROM journal)");
        var agent = await host.AgentToItsEnd();
        Assert.Equal(1, agent.ExitCode);
        Assert.Matches(@"row \d+ is gone at the end; .* number \d+\)", agent.Error);
        Assert.True(Directory.Exists($"/proc/{pid}"));

        await host.Shell("rm -r ledger; mv kept ledger");
        await host.StartAgent();
        Assert.Equal(pid, (await host.Pids())["one:sleeper"]);
    }

    [SkippableTheory]
    [InlineData("rm -r ledger", "is empty")]
    [InlineData("rm ledger/journal.db*", "is empty")]
    [InlineData("truncate -s 0 ledger/journal.db; rm -f ledger/journal.db-*", "is empty")]
    public async Task A_ledger_that_is_gone_ends_the_agent_and_the_job_and_its_secrets_live_on(string damage, string says)
    {
        await using var host = await WholeHost.Start();
        Assert.True((await host.Run(Sleeper.Replace("args: [600]", "args: [600], env: {TOKEN: {secret: hunter2}}", StringComparison.Ordinal))).Succeeded);
        var pid = (await host.Pids())["one:sleeper"];
        await host.KillAgent();
        await host.Shell($"cp -a ledger kept; {damage}");
        var agent = await host.AgentToItsEnd();
        Assert.Equal(1, agent.ExitCode);
        Assert.Contains(says, agent.Error, StringComparison.Ordinal);
        Assert.Contains($"Restore {host.Paths.Ledger} from a backup", agent.Error, StringComparison.Ordinal);
        Assert.True(Directory.Exists($"/proc/{pid}"));
        Assert.Single(Directory.GetFiles(host.Paths.Contents));

        await host.Shell("rm -r ledger; mv kept ledger");
        await host.StartAgent();
        Assert.Equal(pid, (await host.Pids())["one:sleeper"]);
        Assert.Single(Directory.GetFiles(host.Paths.Contents));
    }

    [SkippableFact]
    public async Task A_machine_that_was_renamed_is_the_same_host_and_runs_the_same_processes()
    {
        await using var host = await WholeHost.Start("host-name = before");
        Assert.True((await host.Run(Sleeper)).Succeeded);
        var pids = await host.Pids();
        await host.KillAgent();
        await host.Configure("");
        await host.StartAgent();
        Assert.Equal(pids, await host.Pids());
        Assert.Contains("host        before\n", (await host.Fleet("host", "status")).Output, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_host_that_is_given_another_name_is_told_its_own_and_its_jobs_live_on()
    {
        await using var host = await WholeHost.Start();
        Assert.True((await host.Run(Sleeper)).Succeeded);
        var pid = (await host.Pids())["one:sleeper"];
        await host.KillAgent();
        await host.Configure("host-name = other");
        var agent = await host.AgentToItsEnd();
        Assert.Equal(1, agent.ExitCode);
        Assert.Contains($"Set fleet.host-name = \"{Environment.MachineName}\", or leave it out", agent.Error, StringComparison.Ordinal);
        Assert.True(Directory.Exists($"/proc/{pid}"));

        await host.Configure("");
        await host.StartAgent();
        Assert.Equal(pid, (await host.Pids())["one:sleeper"]);
    }

    [SkippableFact]
    public async Task A_read_only_journal_is_refused_at_the_start()
    {
        await using var host = await WholeHost.Start();
        await host.KillAgent();
        await host.Shell("chown -R root ledger; chmod -R a-w,a+rX ledger");
        var agent = await host.AgentToItsEnd();
        Assert.Equal(1, agent.ExitCode);
        Assert.Contains(host.Paths.Ledger, agent.Error, StringComparison.Ordinal);
        await host.Shell("chown -R --reference=. ledger; chmod -R u+rwX,go= ledger");
        await host.StartAgent();
    }

    [SkippableFact]
    public async Task A_job_beyond_the_baseline_is_valid_and_refused_with_what_it_lacks()
    {
        await using var host = await WholeHost.Start();
        var run = await host.Run("job: net\nprocesses:\n- {name: net, executable: /bin/sleep, args: [600], capabilities: [NET_ADMIN]}\n");
        Assert.Equal(4, run.ExitCode);
        Assert.Contains("capability:NET_ADMIN", run.Error, StringComparison.Ordinal);
        Assert.Contains("needs a grant", run.Error, StringComparison.Ordinal);
        Assert.Equal(3, (await host.Fleet("job", "status", "net")).ExitCode);
    }

    private static void Sql(WholeHost host, string statement)
    {
        using var connection = new SqliteConnection($"Data Source={host.Paths.Journal};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = statement;
        command.ExecuteNonQuery();
    }

    // Changes the stored bytes of an event, and answers what they were.
    private static byte[] Change(WholeHost host, string name, Func<byte[], byte[]> change)
    {
        using var connection = new SqliteConnection($"Data Source={host.Paths.Journal};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.Parameters.AddWithValue("$name", name);
        command.CommandText = "SELECT message FROM journal WHERE manifest = $name";
        var before = (byte[])command.ExecuteScalar()!;
        command.CommandText = "UPDATE journal SET message = $message WHERE manifest = $name";
        command.Parameters.AddWithValue("$message", change(before));
        command.ExecuteNonQuery();
        return before;
    }
}
