using System.Text.Json;
using Fleet.Actors.Jobs;
using Fleet.Actors.Ledger;
using Fleet.Jobs;
using Fleet.Processes;
using Microsoft.Data.Sqlite;
using static Fleet.Actors.Tests.AgentFixture;

namespace Fleet.Actors.Tests;

/// <summary>Alone, because it measures the memory of the whole process.</summary>
[CollectionDefinition("memory", DisableParallelization = true)]
public sealed class MemoryCollection;

/// <summary>What 10,000 restarts leave behind on the real journal: a record of each, and a supervisor as small as after the first thousand.</summary>
[Collection("memory")]
public class ManyRestartsTests
{
    private const int Many = 10_000;
    private const string Stream = "process/test-host/shop:web";

    [Fact]
    public async Task Ten_thousand_crashes_are_all_in_the_record_and_leave_a_state_that_does_not_grow()
    {
        await using var agent = await Crashing();
        await agent.Until("shop", "web", s => s.Restarts >= 1000);
        var (early, memory) = (StateSize(agent), Memory(agent));
        for (var restarts = 2000; restarts <= Many; restarts += 1000)
        {
            await agent.Until("shop", "web", s => s.Restarts >= restarts);
        }

        Assert.InRange(Memory(agent) - memory, long.MinValue, 400 * (Many - 1000));
        await Stop(agent);
        Assert.InRange(StateSize(agent), 1, early + 100);
        Assert.Empty(await agent.Sandboxes.List());
        var exits = agent.Stored<ProcessEvent.Exited>().ToList();
        Assert.InRange(exits.Count, Many, int.MaxValue);
        Assert.Equal(exits.Count, exits.Select(e => e.Run).Distinct().Count());
        Assert.True(agent.Stored<ProcessEvent.RestartScheduled>().Last().CrashLooping);
        var sequences = agent.Stored().Where(r => r.Envelope.Stream == Stream).Select(r => r.Envelope.Sequence).ToList();
        Assert.Equal(Enumerable.Range(1, sequences.Count).Select(n => (long)n), sequences);
        await RecoversFromItsLastEvents(agent, sequences.Count);
    }

    // Rows that stand before the snapshot are made unreadable: an agent that starts has not read them.
    private static async Task RecoversFromItsLastEvents(AgentFixture agent, int last)
    {
        await agent.Kill();
        var snapshots = Snapshots(agent);
        Assert.InRange(snapshots.Count, 1, 2); // One, or a kill came before the older was deleted.
        Assert.InRange(last - snapshots[^1], 0, 200);
        agent.Sql($"UPDATE journal SET message = x'00' WHERE persistence_id = '{Stream}' AND sequence_number <= {snapshots[^1]}");
        await agent.Start();
        Assert.Equal(ProcessPhase.Stopped, (await agent.Until("shop", "web", ProcessPhase.Stopped)).Phase);
    }

    // With the policy that jobs have unless they say otherwise, but for a run of minutes, which the clock makes of an instant: it is not stable.
    private static async Task<AgentFixture> Crashing()
    {
        var agent = await Begin(time: new LeapingTime());
        agent.Sandboxes.OnStart = request =>
        {
            _ = Task.Run(() => agent.Sandboxes.End(request.Run, 1));
            return null;
        };
        await agent.Run(Job("shop", Process("web") with { Restart = new RestartPolicy { StableAfter = TimeSpan.FromDays(1) } }));
        return agent;
    }

    private static async Task Stop(AgentFixture agent)
    {
        await agent.Accepted(new JobMessage.Stop(JobId.Parse("shop"), Because()));
        await agent.Until("shop", "web", ProcessPhase.Stopped);
    }

    private static int StateSize(AgentFixture agent)
    {
        var stream = agent.Stored().Where(r => r.Envelope.Stream == Stream);
        var state = stream.Aggregate(ProcessState.New, (state, r) => ProcessState.Evolve(state, (ProcessEvent)r.Event, r.Envelope.OccurredAt));
        return JsonSerializer.SerializeToUtf8Bytes(state, FleetJson.Default.ProcessState).Length;
    }

    // Without what the fake itself remembers for the tests.
    private static long Memory(AgentFixture agent)
    {
        agent.Sandboxes.Started.Clear();
        agent.Sandboxes.Removed.Clear();
        return GC.GetTotalMemory(forceFullCollection: true);
    }

    private static List<long> Snapshots(AgentFixture agent)
    {
        using var connection = new SqliteConnection(SqliteJournal.ConnectionString(agent.Snapshots));
        connection.Open();
        using var query = connection.CreateCommand();
        query.CommandText = $"SELECT sequence_number FROM snapshot WHERE persistence_id = '{Stream}' ORDER BY sequence_number";
        using var rows = query.ExecuteReader();
        var found = new List<long>();
        while (rows.Read())
        {
            found.Add(rows.GetInt64(0));
        }

        return found;
    }

    /// <summary>A clock on which two minutes go by between any two looks: every wait that a backoff asks for is over at once.</summary>
    private sealed class LeapingTime : TimeProvider
    {
        private readonly DateTimeOffset begin = System.GetUtcNow();
        private long looks;

        public override DateTimeOffset GetUtcNow() => begin + (TimeSpan.FromMinutes(2) * Interlocked.Increment(ref looks));
    }
}
