namespace Fleet.Host.Tests.Whole;

/// <summary>What it means that a job's name is taken (docs/cli.md), by the real program.</summary>
[Collection("host init")]
public class JobNameTests
{
    private static readonly WitnessJob One = new("one", "p");

    [SkippableFact]
    public async Task Other_content_under_the_name_of_a_running_job_is_its_next_version_and_replaces_it()
    {
        await using var host = await WholeHost.Start();
        Assert.True((await host.Run((One with { Sign = "first" }).Yaml)).Succeeded);
        Assert.True((await host.Run((One with { Sign = "second" }).Yaml)).Succeeded);
        await WholeHost.Until("both have signed", () => Task.FromResult(One.Starts(host, "p") is ["first", "second"]));
        Assert.Equal(2, await Versions(host, "one"));
        Assert.False(One.EverTwice(host));
    }

    [SkippableFact]
    public async Task The_name_of_a_stopped_job_is_still_its_own_and_running_it_starts_it()
    {
        await using var host = await WholeHost.Start();
        Assert.True((await host.Run((One with { Sign = "first" }).Yaml)).Succeeded);
        await host.Fleet("job", "stop", "one");
        Assert.Equal("stopped", (await host.Json("job", "status", "one")).GetProperty("desired").GetString());
        Assert.True((await host.Run((One with { Sign = "first" }).Yaml)).Succeeded);
        Assert.Equal(1, await Versions(host, "one"));
        await host.Fleet("job", "stop", "one");
        Assert.True((await host.Run((One with { Sign = "second" }).Yaml)).Succeeded);
        Assert.Equal(2, await Versions(host, "one"));
        await WholeHost.Until("each has signed", () => Task.FromResult(One.Starts(host, "p") is ["first", "first", "second"]));
    }

    [SkippableFact]
    public async Task A_name_is_taken_in_its_own_namespace_alone()
    {
        await using var host = await WholeHost.Start();
        Assert.True((await host.Run(Sleeper(1000))).Succeeded);
        Assert.True((await host.Run(Sleeper(2000), "--name", "team/one", "--check-index", "0")).Succeeded);
        var pids = await host.Pids();
        Assert.Equal(["one:sleeper", "team/one:sleeper"], pids.Keys.Order(StringComparer.Ordinal));
        Assert.True((await host.Fleet("job", "stop", "team/one")).Succeeded);
        await WholeHost.Until("that of the namespace has stopped", async () => (await host.Pids()).Count == 1);
        Assert.Equal(pids["one:sleeper"], (await host.Pids())["one:sleeper"]);
    }

    [SkippableFact]
    public async Task Of_two_first_runs_at_once_each_is_a_version_and_one_process_runs()
    {
        await using var host = await WholeHost.Start();
        var both = await Task.WhenAll(host.Run((One with { Sign = "left" }).Yaml, "--detach"), host.Run((One with { Sign = "right" }).Yaml, "--detach"));
        Assert.All(both, run => Assert.True(run.Succeeded, run.Error));
        Assert.Equal(["1", "2"], both.Select(run => run.Output.Split("version ")[1][..1]).Order());
        var last = both[0].Output.Contains("version 2", StringComparison.Ordinal) ? "left" : "right";
        await WholeHost.Until("the second version runs", () => Task.FromResult(One.Starts(host, "p") is [.., var sign] && sign == last));
        await WholeHost.Until("it is shown", async () => (await host.Json("job", "status", "one")).GetProperty("state").GetString() == "running");
        Assert.False(One.EverTwice(host));
    }

    [SkippableFact]
    public async Task Who_means_a_new_job_says_so_and_of_two_at_once_one_is_refused()
    {
        await using var host = await WholeHost.Start();
        var both = await Task.WhenAll(host.Run(Sleeper(1000), "--check-index", "0"), host.Run(Sleeper(2000), "--check-index", "0"));
        Assert.Equal([0, 1], both.Select(run => run.ExitCode).Order());
        Assert.Contains("the name is taken", both.Single(run => !run.Succeeded).Error, StringComparison.Ordinal);
        Assert.Equal(1, await Versions(host, "one"));
        Assert.Equal(1, (await host.Run(Sleeper(3000), "--check-index", "0")).ExitCode);
    }

    private static string Sleeper(int seconds) => $"job: one\nprocesses:\n- {{name: sleeper, executable: /bin/sleep, args: [{seconds}]}}\n";

    private static async Task<int> Versions(WholeHost host, string job) => (await host.Json("job", "history", job)).GetProperty("versions").GetArrayLength();
}
