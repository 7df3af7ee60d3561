using System.Collections.Immutable;
using Fleet.Grants;
using Fleet.RootTasks;
using static Fleet.Tests.Grants.GrantSample;

namespace Fleet.Tests.Grants;

/// <summary>How a grant is used up: two uses on each of its hosts, unless a test says otherwise.</summary>
public class GrantUsedTests
{
    private static readonly UseOutcome Done = new UseOutcome.Ended(0, RootEnd.Exited, "{}", "-"), Gone = new UseOutcome.Lost("-");

    private Grant grant = Grant.None;
    private DateTimeOffset now = Noon;

    [Fact]
    public void The_last_use_s_end_ends_the_grant_with_it_and_time_adds_nothing()
    {
        Given(ForTask);
        Assert.Equal(["UseEnded"], Use("web-1", Done));
        Assert.Equal(["UseEnded", "Used"], Use("web-1", Done));
        Assert.Equal(GrantEnd.Used, Assert.IsType<Grant.Ended>(grant).How);
        Assert.Null(grant.WakeAt);
        now = Noon.AddHours(2);
        Assert.Empty(When(new GrantCommand.Wake()));
    }

    [Fact]
    public void A_lost_use_is_spent_and_so_is_one_that_somebody_else_has_taken_but_a_refused_one_is_not()
    {
        Given(ForTask);
        Assert.Equal(["UseLost"], Use("web-1", Gone));
        Assert.Equal(["UseRefused"], Use("web-1", new UseOutcome.Refused(RootDenial.CannotRun, "-")));
        Assert.Equal(["UseRefused", "Used"], Use("web-1", new UseOutcome.Refused(RootDenial.UseTaken, "-")));
        Assert.Equal(["UseEnded"], When(new GrantCommand.Report("web-1", 1, Done)).Select(e => e.GetType().Name));
    }

    [Fact]
    public void A_use_that_was_refused_while_the_next_one_ran_is_asked_for_again()
    {
        Given(ForTask);
        Use("web-1");
        Use("web-1");
        Assert.Single(When(new GrantCommand.Report("web-1", 1, new UseOutcome.Refused(RootDenial.CannotRun, "-"))));
        Assert.Single(When(new GrantCommand.Report("web-1", 2, Done)));
        Assert.Equal([new GrantEvent.UseBegun("web-1", 1)], When(new GrantCommand.Use("web-1", Anyway: false)));
    }

    [Fact]
    public void Of_several_hosts_each_must_have_used_it_and_none_may_still_run()
    {
        Given(With(task => task with { UsesPerHost = 1 }) with { Hosts = HostSelector.Of("web-1", "web-2", "web-1") });
        Use("web-2");
        Assert.Equal(["UseEnded"], Use("web-1", Done));
        Assert.Equal(["UseLost", "Used"], When(new GrantCommand.Report("web-2", 1, Gone)).Select(e => e.GetType().Name));
    }

    [Fact]
    public void By_labels_it_is_never_used_up_and_ends_with_its_window()
    {
        var labels = ImmutableSortedDictionary.CreateRange(StringComparer.Ordinal, [KeyValuePair.Create("role", "web")]);
        Given(With(task => task with { UsesPerHost = 1 }) with { Hosts = new HostSelector([], labels) });
        Assert.Equal(["UseEnded"], Use("web-1", Done));
        Assert.Equal(Noon.AddHours(1), Assert.IsType<Grant.Active>(grant).WakeAt);
    }

    [Fact]
    public void A_stream_of_before_there_was_an_event_for_it_is_read_as_it_was_and_used_at_the_next_wake()
    {
        Given(ForTask);
        grant = new GrantEvent[] { new GrantEvent.UseBegun("web-1", 1), new GrantEvent.UseLost("web-1", 1, "-"), new GrantEvent.UseBegun("web-1", 2), new GrantEvent.UseEnded("web-1", 2, 0, RootEnd.Exited, "{}", "-") }
            .Aggregate(grant, (state, @event) => Grant.Evolve(state, @event, now));
        Assert.True(Assert.IsType<Grant.Active>(grant).WakeAt <= now);
        now = Noon.AddDays(1);
        Assert.Equal([new GrantEvent.Used()], When(new GrantCommand.Wake()));
        Assert.Empty(When(new GrantCommand.Wake()));
    }

    [Fact]
    public void Asked_for_again_it_says_how_often_it_was_used_and_revoked_it_is_as_it_was()
    {
        Given(ForTask);
        Use("web-1", Done);
        Use("web-1", Done);
        Assert.Equal("web-1 has used it 2 times, as often as it says; ask for another", Refusal(new GrantCommand.Use("web-1", Anyway: false)));
        Assert.Equal("the grant is not for db-1 but for web-1", Refusal(new GrantCommand.Use("db-1", Anyway: false)));
        Assert.Equal("the grant has ended: used; ask for another", Refusal(new GrantCommand.Approve(By("dave"))));
        Assert.Equal(Decision<GrantEvent>.Nothing, GrantDecider.Decide(grant, new GrantCommand.Revoke("done"), now));
    }

    [Fact]
    public void Break_glass_is_to_be_reviewed_from_its_last_use_on()
    {
        Given(ForTask with { BreakGlass = true });
        Use("web-1", Done);
        Assert.Equal("only break-glass that was active and has ended is reviewed", Refusal(new GrantCommand.Review(By("dave"))));
        Use("web-1", Done);
        Assert.Equal(Review.Due, Assert.IsType<Grant.Ended>(grant).Review);
        Assert.Equal([new GrantEvent.Reviewed(By("dave"))], When(new GrantCommand.Review(By("dave"))));
    }

    [Fact]
    public void What_a_host_let_be_used_without_the_fleet_s_approvals_is_used_as_well()
    {
        When(new GrantCommand.Request(Text(With(task => task with { UsesPerHost = 1 }) with { BreakGlass = true }), By("alice@example.com"), Two));
        Assert.Equal(["UseEnded", "Used"], Use("web-1", Done));
        Assert.Equal(Review.Due, Assert.IsType<Grant.Ended>(grant).Review);
    }

    [Fact]
    public void Each_use_says_when_it_was_begun_and_when_it_was_heard_of_last()
    {
        Given(ForTask);
        Use("web-1");
        now = Noon.AddMinutes(1);
        When(new GrantCommand.Report("web-1", 1, Gone));
        Assert.Equal(new GrantUse("web-1", 1, UseState.Lost, Noon, Noon.AddMinutes(1)), Assert.Single(grant.Asking!.Uses));
    }

    [Fact]
    public void Of_approvals_that_are_refused_so_many_are_recorded_and_no_text_of_any_length()
    {
        When(new GrantCommand.Request(Text(ForTask), By("alice@example.com"), Two));
        var text = new string('\u001b', GrantRules.LongestText);
        var recorded = Enumerable.Range(0, 100).SelectMany(_ => When(new GrantCommand.RefusedApproval(text))).Cast<GrantEvent.ApprovalRefused>().ToList();
        Assert.Equal(Grant.MostRefusedApprovals, recorded.Count);
        Assert.All(recorded, e => Assert.Equal(GrantRules.LongestText, e.Why.Length));
        Assert.StartsWith("\\u001b", recorded[0].Why, StringComparison.Ordinal);
        Assert.EndsWith("; more of them are not recorded", recorded[^1].Why, StringComparison.Ordinal);
        Assert.Empty(Assert.IsType<Grant.Requested>(grant).Of.Approvals);
    }

    private void Given(GrantDocument document)
    {
        foreach (var command in (GrantCommand[])[new GrantCommand.Request(Text(document), By("alice@example.com"), Two), new GrantCommand.Approve(By("bob")), new GrantCommand.Approve(By("carol"))])
        {
            Assert.NotEmpty(When(command));
        }
    }

    // The names of what follows from its outcome; without one, it runs.
    private string[] Use(string host, UseOutcome? outcome = null)
    {
        var begun = Assert.IsType<GrantEvent.UseBegun>(Assert.Single(When(new GrantCommand.Use(host, Anyway: true))));
        return outcome is null ? [] : [.. When(new GrantCommand.Report(host, begun.Use, outcome)).Select(e => e.GetType().Name)];
    }

    private GrantEvent[] When(GrantCommand command)
    {
        var decision = GrantDecider.Decide(grant, command, now);
        grant = decision.Events.Aggregate(grant, (state, @event) => Grant.Evolve(state, @event, now));
        return [.. decision.Events];
    }

    private string? Refusal(GrantCommand command) => GrantDecider.Decide(grant, command, now).Refusal?.Message;
}
