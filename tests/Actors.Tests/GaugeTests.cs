using Fleet.Actors.Jobs;
using Fleet.Actors.Telemetry;
using Fleet.Jobs;
using Fleet.Processes;
using static Fleet.Actors.Tests.AgentFixture;

namespace Fleet.Actors.Tests;

/// <summary>Alone: the instruments are those of every agent of the test process.</summary>
[CollectionDefinition(nameof(GaugeTests), DisableParallelization = true)]
public sealed class GaugeAlone;

[Collection(nameof(GaugeTests))]
public class GaugeTests
{
    [Fact]
    public async Task A_process_that_can_not_be_recovered_is_not_taken_off_the_running_ones()
    {
        var before = FleetMeter.Running;
        await using var agent = await Begin();
        await agent.Run(Job("shop", Process("web")));
        await agent.Until("shop", "web", ProcessPhase.Running);
        Assert.Equal(before + 1, FleetMeter.Running);
        await agent.Accepted(new JobMessage.Stop(JobId.Parse("shop"), Because()));
        await agent.Until("shop", "web", ProcessPhase.Stopped);
        await agent.Kill();
        agent.Sql("UPDATE journal SET message = x'7b7d' WHERE manifest = 'process.stopping.v1'"); // The row after that which says it runs.
        await agent.Start(untilReady: false);
        await Eventually(() => agent.Refused is not null);
        await agent.Kill();
        Assert.Equal(before, FleetMeter.Running);
    }
}
