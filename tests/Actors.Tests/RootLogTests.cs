using System.Collections.Immutable;
using System.Text;
using Akka.Actor;
using Fleet.Actors.RootTasks;
using Fleet.RootTasks;

namespace Fleet.Actors.Tests;

/// <summary>The ledger's copy of a root log: kept once, answered when it is on disk, and there after the agent's end.</summary>
public sealed class RootLogTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 26, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task What_was_kept_is_answered_and_survives_the_agent()
    {
        await using var agent = await AgentFixture.Begin();
        var log = Lines(3);

        var kept = await Keep(agent, log);
        Assert.Equal((3, Digest.Of(log[^1]), false), (kept.Number, kept.Head, kept.Broken));
        Assert.Equal([true, false, true], agent.Stored().Select(r => r.Event).OfType<RootTaskEvent.Logged>().Select(e => e.Reported));
        await agent.Kill();
        await agent.Start();

        Assert.Equal(kept, await agent.RootLog.Ask<RootLogCopy>(GetRootLog.Instance, TimeSpan.FromSeconds(30)));
        Assert.Equal(kept, await Keep(agent, log[2..]));
        Assert.Equal(3, agent.Stored().Count(r => r.Event is RootTaskEvent.Logged));
    }

    [Fact]
    public async Task A_long_log_is_recovered_from_its_snapshot()
    {
        await using var agent = await AgentFixture.Begin();
        var kept = await Keep(agent, Lines(250));
        await agent.Kill();
        await agent.Start();

        Assert.Equal(kept, await agent.RootLog.Ask<RootLogCopy>(GetRootLog.Instance, TimeSpan.FromSeconds(30)));
    }

    private static Task<RootLogCopy> Keep(AgentFixture agent, ImmutableArray<byte[]> lines) =>
        agent.RootLog.Ask<RootLogCopy>(new KeepRootLog([.. lines.SelectMany(line => line)], [2]), TimeSpan.FromSeconds(30));

    private static ImmutableArray<byte[]> Lines(int count)
    {
        var (lines, previous) = (ImmutableArray.CreateBuilder<byte[]>(), RootLogEntry.Nothing);
        for (var number = 1; number <= count; number++)
        {
            lines.Add(RootLogEntry.Write(new RootLogEntry(number, previous, Noon, Noon, RootAct.Starting, null, null, null, null, [], null, null, null, null, null, null)));
            previous = Digest.Of(Encoding.UTF8.GetString(lines[^1]));
        }

        return lines.ToImmutable();
    }
}
