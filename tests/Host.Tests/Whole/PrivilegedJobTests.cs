using Fleet.Host.Linux;

namespace Fleet.Host.Tests.Whole;

/// <summary>Jobs that have more than the baseline as people have them: the real program, the real helper, real keys, real sandboxes.</summary>
[Collection("host init")]
public sealed class PrivilegedJobTests
{
    private const string Silk = """
        job: silk
        processes:
        - name: daemon
          executable: /bin/sh
          args: [-c, 'echo up; trap "echo asked to stop; exit 0" TERM; while :; do sleep 0.1; done']
          capabilities: [NET_ADMIN]
        - name: web
          executable: /bin/sleep
          args: ['3600']

        """;

    [SkippableFact]
    public async Task With_a_grant_it_runs_outlives_the_agent_is_shown_and_ends_when_that_is_revoked()
    {
        await using var rooted = await RootedHost.Start();
        var file = await Write(rooted, Silk);
        var refused = await rooted.Host.Fleet("job", "run", file);
        Assert.Equal(4, refused.ExitCode);
        Assert.Contains("fleet root request --job", refused.Error, StringComparison.Ordinal);

        var id = await rooted.ApprovedJob(file);
        await rooted.Must("job", "run", file);
        var pid = (await rooted.Host.Pids())["silk:daemon"];
        Assert.Equal(("0000000000001000", "2"), (Status(pid, "CapEff"), Status(pid, "Seccomp")));
        await WholeHost.Until("it has said something", async () => (await rooted.Must("job", "logs", "silk", "-p", "daemon")).Contains("up", StringComparison.Ordinal));

        var hosted = (await rooted.Host.Json("host", "processes")).GetProperty("processes").EnumerateArray().Single(p => p.GetProperty("id").GetString() == "silk:daemon");
        Assert.True(hosted.GetProperty("memory_bytes").GetInt64() > 0, hosted.ToString());

        var shown = Assert.Single((await rooted.Host.Json("job", "unsafe")).GetProperty("processes").EnumerateArray());
        Assert.Equal(id, shown.GetProperty("grant").GetString());
        Assert.Contains("capabilities NET_ADMIN; seccomp on; no_new_privs on; of the host net user", shown.GetProperty("kernel").GetString(), StringComparison.Ordinal);
        Assert.EndsWith("capabilities NET_ADMIN; seccomp on; no_new_privs on; of the host net user", shown.GetProperty("declared").GetString(), StringComparison.Ordinal);
        Assert.Contains(id, await rooted.Must("job", "unsafe"), StringComparison.Ordinal);

        await rooted.Host.KillAgent();
        await rooted.Host.StartAgent();
        Assert.Equal(pid, (await rooted.Host.Pids())["silk:daemon"]);

        var changed = await rooted.Host.Fleet("job", "run", await Write(rooted, Silk.Replace("echo up", "echo changed", StringComparison.Ordinal)));
        Assert.Equal(4, changed.ExitCode);
        Assert.Equal(pid, (await rooted.Host.Pids())["silk:daemon"]);

        var leaf = $"/sys/fs/cgroup/pids{(await File.ReadAllLinesAsync($"/proc/{pid}/cgroup")).Select(line => line.Split(':', 3)).Single(f => f[1] == "pids")[2]}";
        Assert.True(Directory.Exists(leaf) && leaf.Contains("/fleet-jobs/silk.daemon-", StringComparison.Ordinal), leaf);
        await rooted.Must("root", "revoke", id, "--reason", "enough", "--key", rooted.Bob);
        await WholeHost.Until("it has ended", async () => !(await rooted.Host.Pids()).ContainsKey("silk:daemon"));
        Assert.Contains("silk:web", (await rooted.Host.Pids()).Keys);
        await WholeHost.Until("its cgroup is gone", () => Task.FromResult(!Directory.Exists(leaf)));
        Assert.Contains("was revoked", (await rooted.Host.Fleet("job", "status", "silk")).Output, StringComparison.Ordinal);
        await AssertRecorded(rooted, id);
    }

    [SkippableFact]
    public async Task At_the_end_of_its_grant_it_is_stopped_by_its_ladder_and_started_again_by_the_next()
    {
        await using var rooted = await RootedHost.Start();
        var file = await Write(rooted, Silk);
        var first = await rooted.ApprovedJob(file, "--valid-for", "20s");
        await rooted.Must("job", "run", file);
        await WholeHost.Until("its grant is over and it has stopped", async () => !(await rooted.Host.Pids()).ContainsKey("silk:daemon"));
        Assert.Contains("asked to stop", await rooted.Must("job", "logs", "silk", "-p", "daemon"), StringComparison.Ordinal);
        Assert.Contains($"its grant {first} is over", (await rooted.Host.Fleet("job", "status", "silk")).Output, StringComparison.Ordinal);

        await rooted.ApprovedJob(file);
        await WholeHost.Until("the next has started it", async () => (await rooted.Host.Pids()).ContainsKey("silk:daemon"));
    }

    [SkippableFact]
    public async Task A_root_pre_start_runs_on_the_host_before_the_process_and_its_failure_keeps_that_from_starting()
    {
        await using var rooted = await RootedHost.Start();
        var made = $"{rooted.Host.Folder}/made";
        var yaml = $$"""
            job: silk
            processes:
            - name: daemon
              executable: /bin/sleep
              args: ['3600']
              hooks: {pre_start: /var/vcap/jobs/silk/bin/pre-start}
              privileges: [root_pre_start]
            files:
            - path: bin/pre-start
              mode: '0755'
              content: |
                #!/bin/sh
                id -u > {{made}}

            """;
        var file = await Write(rooted, yaml);
        await rooted.ApprovedJob(file);
        await rooted.Must("job", "run", file);
        Assert.Equal("0\n", await File.ReadAllTextAsync(made));
        Assert.Contains("silk:daemon", (await rooted.Host.Pids()).Keys);

        var failing = await Write(rooted, yaml.Replace($"id -u > {made}", "exit 9", StringComparison.Ordinal));
        await rooted.ApprovedJob(failing);
        Assert.NotEqual(0, (await rooted.Host.Fleet("job", "run", failing)).ExitCode);
        Assert.DoesNotContain("silk:daemon", (await rooted.Host.Pids()).Keys);
    }

    [SkippableFact]
    public async Task A_program_that_is_not_root_s_and_a_host_that_has_no_such_jobs_are_refused_by_root()
    {
        await using var rooted = await RootedHost.Start();
        var file = await Write(rooted, Silk.Replace("executable: /bin/sh", "executable: /var/vcap/data/silk/program", StringComparison.Ordinal));
        await rooted.ApprovedJob(file);

        Assert.Equal(1, (await rooted.Host.Fleet("job", "run", file)).ExitCode);

        Assert.Contains("unsafe_path", (await rooted.Host.Fleet("job", "status", "silk")).Output, StringComparison.Ordinal);
        Assert.DoesNotContain("silk:daemon", (await rooted.Host.Pids()).Keys);
    }

    [SkippableFact]
    public async Task Where_root_s_helper_does_not_answer_its_status_and_who_waits_for_its_end_say_so()
    {
        await using var rooted = await RootedHost.Start();
        var silence = $"no root helper answers at {rooted.Socket} (Connection refused): see 'systemctl status fleet-root.socket', or, without systemd, stop the agent and start it again with 'fleet up'";
        var file = await Write(rooted, Silk);
        await rooted.ApprovedJob(file);
        rooted.KillHelper();

        await rooted.Must("job", "run", file, "--detach");
        await WholeHost.Until("it waits to be started, and says why", async () => await Detail(rooted, "waiting", "crash_looping") == silence);
        rooted.StartHelper();
        await WholeHost.Until("it is started", async () => (await rooted.Host.Pids()).ContainsKey("silk:daemon"));

        rooted.KillHelper();
        var down = rooted.Host.Fleet("up", "--dir", rooted.Host.Paths.State, "--down");
        await WholeHost.Until("it waits to be stopped, and says why", async () => await Detail(rooted, "stopping") == silence);
        Assert.Contains($"daemon: {silence}", await rooted.Must("job", "status", "silk"), StringComparison.Ordinal);
        await Task.Delay(TimeSpan.FromSeconds(4)); // in which who waits has looked
        Assert.False(down.IsCompleted);

        rooted.StartHelper();
        var ended = await down;
        Assert.True(ended.Succeeded, ended.Error);
        Assert.Equal($"silk:daemon is still stopping: {silence}\n", ended.Error);
        await rooted.Host.KillAgent();
        await rooted.Host.StartAgent();
        Assert.Contains("asked to stop", await rooted.Must("job", "logs", "silk", "-p", "daemon"), StringComparison.Ordinal);
    }

    private static async Task<string?> Detail(RootedHost rooted, params string[] phases) =>
        (await rooted.Host.Json("job", "status", "silk")).GetProperty("processes").EnumerateArray().Single(p => p.GetProperty("name").GetString() == "daemon") is var daemon
            && phases.Contains(daemon.GetProperty("phase").GetString()) ? daemon.GetProperty("detail").GetString() : null;

    private static async Task AssertRecorded(RootedHost rooted, string id)
    {
        var daemon = await rooted.Host.Events("silk:daemon");
        Assert.Equal(["process.starting.v1", "process.started.v1"], daemon.Where(name => name.StartsWith("process.start", StringComparison.Ordinal)).Take(2));
        Assert.Contains("host.grant_given.v1", (await rooted.Host.Fleet("audit", "log", "--json")).Output, StringComparison.Ordinal);
        await WholeHost.Until("the root log is in the ledger", async () => (await RootLog(rooted)).Contains($"ended silk:daemon", StringComparison.Ordinal));
        var log = await RootLog(rooted);
        Assert.Contains($"by {id}, signed by alice and bob and carol", log, StringComparison.Ordinal);
        Assert.Contains("(revoked)", log, StringComparison.Ordinal);
        Assert.DoesNotContain("DID NOT BEGIN", log, StringComparison.Ordinal);
    }

    // The agent looks at the log once a minute; one that starts looks at once.
    private static async Task<string> RootLog(RootedHost rooted)
    {
        await rooted.Host.KillAgent();
        await rooted.Host.StartAgent();
        await Task.Delay(500);
        return await rooted.Must("audit", "log", "--kind", "roottask");
    }

    private static string? Status(int pid, string key) => Proc.Status(File.ReadAllText($"/proc/{pid}/status"), key)?.Trim();

    private static async Task<string> Write(RootedHost rooted, string yaml)
    {
        var file = $"{rooted.Host.Folder}/{Guid.NewGuid():N}.yml";
        await File.WriteAllTextAsync(file, yaml);
        return file;
    }
}
