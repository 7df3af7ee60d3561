using Fleet.Host.Logs;

namespace Fleet.Host.Tests.Whole;

/// <summary>What an agent finds that an earlier one left: it is given back, or goes on.</summary>
[Collection("host init")]
public class LeftoverTests
{
    [SkippableFact]
    public async Task Contents_that_no_version_names_are_gone_at_the_next_start_and_those_of_old_versions_stay()
    {
        await using var host = await WholeHost.Start();
        Assert.True((await host.Run(Job("first"))).Succeeded);
        Assert.True((await host.Run(Job("second"))).Succeeded);
        Assert.Equal(1, (await host.Run(Job("refused"), "--check-index", "0")).ExitCode);
        Assert.Equal(["first", "refused", "second"], Contents(host));

        await host.KillAgent();
        await host.StartAgent();
        Assert.Equal(["first", "second"], Contents(host));
        var removed = (await host.Fleet("audit", "log", "--kind", "host.contents_removed.v1", "--json")).Output;
        Assert.Contains(Digest.Of("refused").ToString(), Assert.Single(removed.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);

        Assert.True((await host.Fleet("job", "revert", "one", "--to", "1")).Succeeded);
        await WholeHost.Until("the first version runs again", async () => (await host.Json("job", "status", "one")).GetProperty("state").GetString() == "running");
    }

    [SkippableFact]
    public async Task A_process_that_a_killed_agent_left_frozen_runs_on_and_can_be_stopped()
    {
        await using var host = await WholeHost.Start();
        Assert.True((await host.Run(Job("x"))).Succeeded);
        var pid = (await host.Pids())["one:sleeper"];
        await host.KillAgent();
        var root = Directory.Exists("/sys/fs/cgroup/freezer") ? "/sys/fs/cgroup/freezer" : "/sys/fs/cgroup";
        var groups = (await File.ReadAllLinesAsync($"/proc/{pid}/cgroup")).Select(line => line.Split(':'));
        var freezer = new CgroupFreezer($"{root}{groups.First(group => group[1] is "freezer" or "").Last()}");
        freezer.Freeze();
        await host.StartAgent();
        Assert.False(freezer.IsSwitchedOn);
        Assert.Equal(pid, (await host.Pids())["one:sleeper"]);
        Assert.True((await host.Fleet("job", "stop", "one")).Succeeded);
    }

    private static string Job(string secret) =>
        $"job: one\nprocesses:\n- {{name: sleeper, executable: /bin/sleep, args: [600], env: {{TOKEN: {{secret: {secret}}}}}}}\n";

    private static IEnumerable<string> Contents(WholeHost host) => Directory.GetFiles(host.Paths.Contents).Select(File.ReadAllText).Order(StringComparer.Ordinal);
}
