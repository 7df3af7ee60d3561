using System.Globalization;
using Fleet.Client.Linux;

namespace Fleet.Host.Tests.Whole;

/// <summary>Restarts over the real runtime, kernel and journal: what each of them takes is given back.</summary>
[Collection("host init")]
public class RestartTests
{
    private const int Restarts = 100;

    [SkippableFact]
    public async Task An_agent_that_takes_up_its_processes_counts_them_as_running()
    {
        await using var host = await WholeHost.Start();
        Assert.True((await host.Run("job: one\nprocesses:\n- {name: s, executable: /bin/sleep, args: [600]}\n")).Succeeded);
        Assert.Equal("1", await Running(host));
        await host.KillAgent();
        await host.StartAgent();
        Assert.Equal("1", await Running(host));
        await host.Fleet("job", "stop", "one");
        await WholeHost.Until("none runs", async () => await Running(host) == "0");
    }

    // By the text that Prometheus reads; the value stands behind the last space.
    private static async Task<string?> Running(WholeHost host)
    {
        Skip.IfNot(File.Exists("/usr/bin/curl"), "/usr/bin/curl is missing: install curl");
        var metrics = await new Command("/usr/bin/curl", "-s", "--unix-socket", host.Paths.Socket, "http://fleet/metrics").Run();
        return metrics.Output.Split('\n').FirstOrDefault(line => line.StartsWith("fleet_processes_running{", StringComparison.Ordinal))?.Split(' ')[1];
    }

    [SkippableFact]
    public async Task A_process_that_ends_again_and_again_leaves_nothing_of_its_runs_and_holds_no_descriptor()
    {
        await using var host = await WholeHost.Start();
        Assert.True((await host.Run("job: loop\nprocesses:\n- {name: loop, executable: /bin/true, restart: {initial: 10ms, max: 10ms}}\n", "--detach")).Succeeded);
        await Ended(host, 20);
        var before = Descriptors(host);
        await Ended(host, Restarts);
        Assert.InRange(Descriptors(host), 0, before + 10);
        Assert.InRange(host.Leftovers().Count(), 0, 12); // of the run that is on its way, at most

        await host.Fleet("job", "stop", "loop");
        await WholeHost.Until("it has stopped", () => Task.FromResult(Events(host)[^1] is "process.stopped.v1"));
        await WholeHost.Until("nothing is left", () => Task.FromResult(!host.Leftovers().Any()));
        var events = Events(host);
        Assert.Equal(events.Count(e => e == "process.started.v1"), events.Count(e => e == "process.exited.v1"));
    }

    // Beside those of the libraries, which the runtime loads as it needs them; one may be closed while it is looked at.
    private static int Descriptors(WholeHost host)
    {
        var open = new Command("/bin/sh", "-c", $"cd /proc/{host.AgentPid}/fd && readlink * | grep -cv '[.]dll$\\|[.]so'").Run().GetAwaiter().GetResult();
        return int.Parse(open.Output, CultureInfo.InvariantCulture);
    }

    private static Task Ended(WholeHost host, int times) => WholeHost.Until(
        $"it has ended {times} times", () => Task.FromResult(Events(host).Count(e => e == "process.exited.v1") >= times));

    // Not by the audit log: its text is longer than a test's command keeps.
    private static List<string> Events(WholeHost host) => [.. StoredRows.Of(host).Process("loop:loop").Select(r => r.Name)];
}
