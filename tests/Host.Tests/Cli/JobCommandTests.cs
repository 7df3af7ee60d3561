using System.Text.Json;
using Akka.Actor;
using Fleet.Actors.Jobs;
using Fleet.Client.Api;
using Fleet.Host.Tests.Api;
using Fleet.Jobs;
using Fleet.Processes;
using static Fleet.Host.Tests.Cli.FleetProgram;

namespace Fleet.Host.Tests.Cli;

public sealed class JobCommandTests
{
    [Fact]
    public async Task A_job_is_run_listed_shown_and_stopped()
    {
        await using var api = await RunningApi.Start(Statuses.Running);
        var ran = await Run(api, "job", "run", Write(api, JobFiles.Web));
        Assert.Equal((0, "job web version 1 runs: 1 of 1 processes\n"), (ran.ExitCode, ran.Output));
        Assert.Contains("web: running, pid 4711", ran.Error, StringComparison.Ordinal);

        var list = (await Run(api, "job", "list")).Output.Split('\n');
        Assert.Equal("JOB  VERSION  STATE    READY  CHANGED                     BY", list[0]);
        Assert.Matches(@"^web  1        running  1/1    \d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+00:00  uid:\d+", list[1]);

        var status = (await Run(api, "job", "status", "web")).Output;
        Assert.Contains("state       running (wanted: running)", status, StringComparison.Ordinal);
        Assert.Contains("2026-01-02 03:04:05 +00:00", status, StringComparison.Ordinal);

        Assert.Equal("job web is to stop\n", (await Run(api, "job", "stop", "web")).Output);
        Assert.Equal("job web was so already: nothing changed\n", (await Run(api, "job", "stop", "web")).Output);
    }

    [Fact]
    public async Task With_json_one_object_is_printed_with_times_in_utc()
    {
        await using var api = await RunningApi.Start(Statuses.Running);
        var ran = await Run(api, "job", "run", Write(api, JobFiles.Web), "--json");
        Assert.Equal("", ran.Error);
        Assert.True(JsonDocument.Parse(ran.Output).RootElement.GetProperty("changed").GetBoolean());
        var status = JsonDocument.Parse((await Run(api, "job", "status", "web", "--json")).Output).RootElement;
        Assert.Equal("2026-01-02T03:04:05+00:00", status.GetProperty("processes")[0].GetProperty("since").GetString());
    }

    [Fact]
    public async Task A_job_beyond_the_baseline_exits_with_4_and_says_what_it_lacks()
    {
        await using var api = await RunningApi.Start();
        var refused = await Run(api, "job", "run", Write(api, JobFiles.Privileged));
        Assert.Equal((4, ""), (refused.ExitCode, refused.Output));
        Assert.Contains("needs a grant", refused.Error, StringComparison.Ordinal);
        Assert.Contains("processes.root: needs a grant: capability:", refused.Error, StringComparison.Ordinal);
        Assert.Empty(api.Seen);
    }

    [Fact]
    public async Task A_process_that_fails_ends_the_wait_with_1_and_why()
    {
        await using var api = await RunningApi.Start(Statuses.Failed);
        var failed = await Run(api, "job", "run", Write(api, JobFiles.Web));
        Assert.Equal((1, ""), (failed.ExitCode, failed.Output));
        Assert.Contains("web: failed; executable /bin/nothing is missing; last end: out of memory", failed.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wait_that_is_over_exits_with_5_and_detached_there_is_none()
    {
        await using var api = await RunningApi.Start(Statuses.Starting);
        var file = Write(api, JobFiles.Web);
        var late = await Run(api, "job", "run", file, "--timeout", "300ms", "--json");
        Assert.Equal(5, late.ExitCode);
        Assert.Equal("timeout", Error(late.Error).GetProperty("code").GetString());
        var detached = await Run(api, "job", "run", file, "--detach");
        Assert.Equal(0, detached.ExitCode);
    }

    [Fact]
    public async Task The_wait_ends_when_the_process_comes_to_run_and_not_before()
    {
        await using var api = await RunningApi.Start(Statuses.Starting);
        var running = Run(api, "job", "run", Write(api, JobFiles.Web));
        while (api.Seen.Count < 2)
        {
            await Task.Delay(20);
        }

        Assert.False(running.IsCompleted);
        await api.JobsActor.Ask<JobView>(new Say(JobId.Parse("web"), Statuses.Running));
        Assert.Equal(0, (await running).ExitCode);
    }

    [Theory]
    [InlineData(Health.Unknown, false)]
    [InlineData(Health.Unhealthy, false)]
    [InlineData(Health.Healthy, true)]
    public void A_process_with_a_health_check_is_ready_only_when_it_is_healthy(Health health, bool ready) =>
        Assert.Equal(ready, JobState.IsReady(Process(health)));

    [Fact]
    public async Task A_stale_check_index_exits_with_1()
    {
        await using var api = await RunningApi.Start(Statuses.Running);
        var file = Write(api, JobFiles.Web);
        Assert.Equal(0, (await Run(api, "job", "run", file, "--check-index", "0")).ExitCode);
        var stale = await Run(api, "job", "run", file, "--check-index", "0", "--json");
        Assert.Equal((1, "conflict"), (stale.ExitCode, Error(stale.Error).GetProperty("code").GetString()));
    }

    [Fact]
    public async Task A_plan_shows_the_keys_that_change_and_how_to_run_just_that()
    {
        await using var api = await RunningApi.Start(Statuses.Running);
        await Run(api, "job", "run", Write(api, JobFiles.Web));
        var plan = await Run(api, "job", "plan", Write(api, JobFiles.WebChanged));
        Assert.StartsWith(
            """
            job web on host-1: would get a new version
              ~ process web (restarts)
                  ~ executable: /bin/web -> /bin/web2
              + process worker
            """, plan.Output, StringComparison.Ordinal);
        Assert.Contains("fleet job run --check-index 1 FILE", plan.Output, StringComparison.Ordinal);
        var privileged = await Run(api, "job", "plan", Write(api, JobFiles.Privileged));
        Assert.Equal(0, privileged.ExitCode);
        Assert.Contains("! process root needs a grant: capability:", privileged.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Versions_are_listed_compared_and_returned_to()
    {
        await using var api = await RunningApi.Start(Statuses.Running);
        await Run(api, "job", "run", Write(api, JobFiles.Web));
        await Run(api, "job", "run", Write(api, JobFiles.WebChanged));
        var diff = (await Run(api, "job", "diff", "web", "1", "2")).Output;
        Assert.StartsWith("~ processes.web.executable: /bin/web -> /bin/web2\n+ processes.worker.", diff, StringComparison.Ordinal);
        Assert.Equal("job web is now version 3\n", (await Run(api, "job", "revert", "web")).Output);
        Assert.Contains("current, content of version 1", (await Run(api, "job", "history", "web")).Output, StringComparison.Ordinal);
        Assert.Equal(3, (await Run(api, "job", "diff", "web", "1", "9")).ExitCode);
    }

    [Fact]
    public async Task Logs_of_several_processes_are_prefixed_and_of_one_are_as_written()
    {
        await using var api = await RunningApi.Start(Statuses.Running);
        await Run(api, "job", "run", Write(api, JobFiles.WebChanged));
        Directory.CreateDirectory(api.Paths.Logs(JobId.Parse("web")));
        await File.WriteAllTextAsync(api.Paths.Stdout(ProcessId.Parse("web:worker")), "one\ntwo\n");
        Assert.Equal("worker | two\n", (await Run(api, "job", "logs", "web", "-n", "1")).Output);
        Assert.Equal("one\ntwo\n", (await Run(api, "job", "logs", "web", "-p", "worker", "--host", "host-1")).Output);
        Assert.Equal(3, (await Run(api, "job", "logs", "web", "--host", "elsewhere")).ExitCode);
        Assert.Equal(3, (await Run(api, "job", "logs", "web", "-p", "nobody")).ExitCode);
    }

    private static JobProcess Process(Health health) => new(
        "web", "host-1", "running", 1, Current: true, Wanted: true, Checked: true, health.ToString().ToLowerInvariant(), null, 1, null, 0, null, null);

    private static string Write(RunningApi api, string content)
    {
        var path = $"{api.Folder}/{Guid.NewGuid():N}.yml";
        File.WriteAllText(path, content);
        return path;
    }

    private static JsonElement Error(string stderr) => JsonDocument.Parse(stderr).RootElement.GetProperty("error");
}
