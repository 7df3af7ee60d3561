using Fleet.Actors.Jobs;
using Fleet.Actors.Ledger;
using Fleet.Jobs;
using Fleet.Processes;
using static Fleet.Actors.Tests.AgentFixture;

namespace Fleet.Actors.Tests;

public class JournalTailTests
{
    [Fact]
    public async Task A_whole_ledger_has_lost_nothing_whatever_was_rolled_back()
    {
        await using var agent = await Begin();
        Assert.Null(Loss(agent));
        await Crashed(agent);
        agent.Sql("""
            CREATE TEMP TABLE more AS SELECT * FROM journal;
            UPDATE more SET ordering = NULL, sequence_number = sequence_number + 100;
            BEGIN; INSERT INTO journal SELECT * FROM more; ROLLBACK
            """);
        Assert.Null(Loss(agent));
    }

    [Theory]
    [InlineData("DELETE FROM journal WHERE ordering = (SELECT max(ordering) FROM journal)", @"^row \d is gone at the end; the last that is left is row \d \(process/test-host/shop:web number 1\)$")]
    [InlineData("DELETE FROM journal WHERE ordering > (SELECT max(ordering) - 2 FROM journal)", @"^rows \d to \d are gone at the end; ")]
    [InlineData("DELETE FROM journal", @"^rows 1 to \d are gone at the end; the last that is left is the beginning$")]
    [InlineData("DELETE FROM journal WHERE ordering IN (3, 4)", @"^rows 3 to 4 are gone between row 2 \(.+\) and row 5 \(.+\)$")]
    [InlineData("DELETE FROM journal WHERE ordering = 1", @"^row 1 is gone between the beginning and row 2 \(.+\)$")]
    [InlineData("DELETE FROM journal WHERE persistence_id = 'job/default/shop'", @"^row \d is gone between ")]
    public async Task Rows_that_were_taken_out_are_named(string damage, string says)
    {
        await using var agent = await Begin();
        await Crashed(agent);
        agent.Sql(damage);
        Assert.Matches(says, Loss(agent)!);
    }

    [Fact]
    public async Task A_snapshot_newer_than_its_stream_is_named_though_the_journal_hides_its_loss()
    {
        await using var agent = await Begin();
        await agent.Run(Job("shop", Process("web")));
        for (var i = 0; i < 100; i++)
        {
            await agent.Accepted(new JobMessage.Restart(JobId.Parse("shop"), Because()));
        }

        await Eventually(() => agent.SnapshotOf("job/default/shop") >= 100);
        await agent.Kill();
        Assert.Null(Loss(agent));
        agent.Sql("DELETE FROM journal WHERE persistence_id = 'job/default/shop' AND sequence_number > 50");
        agent.Sql("UPDATE journal SET ordering = -(SELECT count(*) FROM journal o WHERE o.ordering <= journal.ordering); UPDATE journal SET ordering = -ordering");
        agent.Sql("UPDATE sqlite_sequence SET seq = (SELECT max(ordering) FROM journal)");
        Assert.Matches(@"^job/default/shop has a snapshot at number 10\d and its last row is number 50$", Loss(agent)!);
    }

    private static string? Loss(AgentFixture agent) => JournalTail.FirstLoss(agent.Journal, agent.Snapshots);

    private static async Task Crashed(AgentFixture agent)
    {
        await agent.Run(Job("shop", Process("web")));
        await agent.Until("shop", "web", ProcessPhase.Running);
        await agent.Kill();
    }
}
