namespace Fleet.Host.Tests.Whole;

/// <summary>Restarts over the real runtime, kernel and journal: what each of them takes is given back.</summary>
[Collection("host init")]
public class RestartTests
{
    private const int Restarts = 150;

    [SkippableFact]
    public async Task A_process_that_ends_again_and_again_leaves_nothing_of_its_runs_and_holds_no_descriptor()
    {
        await using var host = await WholeHost.Start();
        Assert.True((await host.Run("job: loop\nprocesses:\n- {name: loop, executable: /bin/true, restart: {initial: 1ms, max: 1ms}}\n", "--detach")).Succeeded);
        await Ended(host, 20);
        var before = Descriptors(host);
        await Ended(host, Restarts);
        Assert.InRange(Descriptors(host), 0, before + 10);
        Assert.InRange(host.Leftovers().Count(), 0, 12); // of the run that is on its way, at most

        await host.Fleet("job", "stop", "loop");
        await WholeHost.Until("it has stopped", async () => (await host.Events("loop:loop"))[^1] is "process.stopped.v1");
        await WholeHost.Until("nothing is left", () => Task.FromResult(!host.Leftovers().Any()));
        var events = await host.Events("loop:loop");
        Assert.Equal(events.Count(e => e == "process.started.v1"), events.Count(e => e == "process.exited.v1"));
    }

    private static int Descriptors(WholeHost host) => Directory.GetFileSystemEntries($"/proc/{host.AgentPid}/fd").Length;

    private static Task Ended(WholeHost host, int times) => WholeHost.Until(
        $"it has ended {times} times", async () => (await host.Events("loop:loop")).Count(e => e == "process.exited.v1") >= times);
}
