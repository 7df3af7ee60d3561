using Fleet.Grants;
using Fleet.RootTasks;
using static Fleet.Tests.Grants.GrantSample;

namespace Fleet.Tests.RootTasks;

/// <summary>What the whole root log tells of use 1, which was begun at noon and of which nothing was heard.</summary>
public class RootOutcomeTests
{
    private static readonly GrantUse Use = new("web-1", 1, UseState.Begun, Noon, Noon);
    private static readonly Grant.Asked Asked = new(ForTask, Text(ForTask), By("alice@example.com"), Two, []);

    [Fact]
    public void Where_the_log_has_nothing_of_it_it_never_reached_the_host_and_is_not_spent()
    {
        var refused = Assert.IsType<UseOutcome.Refused>(Of());
        Assert.Equal(RootDenial.CannotRun, refused.Code);
        Assert.StartsWith("it never reached the host: ", refused.Detail, StringComparison.Ordinal);
        Assert.Contains("to its entry 9 has nothing of it", refused.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void What_was_started_may_still_run() => Assert.Null(Of(Entry(RootAct.Starting)));

    [Fact]
    public void Its_end_is_lost_with_its_receipt_and_the_log_tells_how_it_was() => Assert.Equal(
        new UseOutcome.Lost("the agent was ended before it heard; entry 7 of the root log: it ended with 3 (exited)"),
        Of(Entry(RootAct.Starting), Entry(RootAct.Ended) with { ExitCode = 3, How = RootEnd.Exited }));

    [Fact]
    public void What_the_helper_lost_is_lost() => Assert.Equal(
        new UseOutcome.Lost("the agent was ended before it heard; entry 7 of the root log: its helper was killed"),
        Of(Entry(RootAct.Starting), Entry(RootAct.Lost) with { Detail = "its helper was killed" }));

    [Fact]
    public void A_denial_is_its_answer() => Assert.Equal(
        new UseOutcome.Refused(RootDenial.NotYet, "too early"), Of(Entry(RootAct.Denied) with { Denial = RootDenial.NotYet, Detail = "too early" }));

    [Theory]
    [InlineData(RootDenial.NotYet, RootDenial.CannotRun)]
    [InlineData(RootDenial.UseTaken, RootDenial.UseTaken)]
    public void A_denial_of_an_earlier_asking_is_none_of_this_one_unless_the_use_is_burnt(RootDenial before, RootDenial code) => Assert.Equal(
        code, Assert.IsType<UseOutcome.Refused>(Of(Entry(RootAct.Denied) with { Denial = before, At = Noon.AddSeconds(-1) })).Code);

    [Fact]
    public void An_entry_is_of_a_use_by_its_grant_or_of_what_nobody_read_by_its_bytes()
    {
        Assert.True(IsOf(Entry(RootAct.Denied)));
        Assert.True(IsOf(Entry(RootAct.Denied) with { Grant = null, Document = Digest.Of(Text(ForTask)) }));
        Assert.False(IsOf(Entry(RootAct.Denied) with { Grant = null, Document = Digest.Of("another") }));
        Assert.False(IsOf(Entry(RootAct.Denied) with { Use = 2 }));
        Assert.False(IsOf(Entry(RootAct.Denied) with { Grant = GrantId.Parse("g-0000000000000000") }));
    }

    private static bool IsOf(RootLogEntry entry) => RootOutcome.IsOf(entry, Asked, Use);

    private static UseOutcome? Of(params RootLogEntry[] entries) => RootOutcome.OfUnheard([.. entries], 9, Use);

    private static RootLogEntry Entry(RootAct what) =>
        new(7, RootLogEntry.Nothing, Noon, Noon, what, null, ForTask.Id, 1, null, [], null, null, null, null, null, null);
}
