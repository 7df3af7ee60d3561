using System.Collections.Immutable;
using Fleet.Grants;
using static Fleet.Tests.Grants.GrantSample;

namespace Fleet.Tests.Grants;

public class GrantDeciderTests
{
    private Grant grant = Grant.None;
    private DateTimeOffset now = Noon;

    [Fact]
    public void A_request_is_kept_as_the_bytes_that_came()
    {
        var text = Text(ForTask);
        Given(new GrantCommand.Request(text, By("alice@example.com"), Two));
        Assert.Equal(text, Assert.IsType<Grant.Requested>(grant).Of.Text);
    }

    [Fact]
    public void A_request_that_breaks_rules_is_refused_with_all_of_them() =>
        Assert.Equal(2, When(new GrantCommand.Request(Text(ForTask with { Reason = "", Fleet = "" }), By("alice@example.com"), Two)).Refusal!.Details.Length);

    [Fact]
    public void A_request_that_somebody_else_signed_is_denied() =>
        Assert.Equal(RefusalCode.Denied, When(new GrantCommand.Request(Text(ForTask), By("mallory"), Two)).Refusal!.Code);

    [Fact]
    public void A_request_whose_window_is_over_is_refused()
    {
        now = Noon.AddHours(1);
        Assert.Equal(RefusalCode.Invalid, When(Request()).Refusal!.Code);
    }

    [Fact]
    public void An_id_is_asked_for_once() => Assert.Equal(RefusalCode.Conflict, Given(Request()).When(Request()).Refusal!.Code);

    [Fact]
    public void One_of_two_approvals_approves_nothing() => Assert.Equal(1, Assert.IsType<Grant.Requested>(Given(Request(), Approve("bob")).grant).Of.Missing);

    [Fact]
    public void The_last_approval_within_the_window_makes_it_active() =>
        Assert.Equal(
            [new GrantEvent.Approved(By("carol")), new GrantEvent.Activated()], Given(Request(), Approve("bob")).When(Approve("carol")).Events.ToArray());

    [Fact]
    public void Approved_before_its_window_it_waits_for_that()
    {
        now = Noon.AddSeconds(-1);
        Given(Request(), Approve("bob"), Approve("carol"));
        Assert.Equal(Noon, Assert.IsType<Grant.Approved>(grant).WakeAt);
        Assert.Empty(When(new GrantCommand.Wake()).Events);
        now = Noon;
        Assert.Equal([new GrantEvent.Activated()], When(new GrantCommand.Wake()).Events.ToArray());
    }

    [Theory]
    [InlineData("bob", "bob-again")]
    [InlineData("bob2", "bob")]
    public void The_same_person_by_another_name_or_key_is_recorded_and_counts_once(string principal, string key)
    {
        Given(Request(), new GrantCommand.Approve(By("bob", "bob")), new GrantCommand.Approve(By(principal, key)));
        Assert.Equal(1, Assert.IsType<Grant.Requested>(grant).Of.Missing);
    }

    [Fact]
    public void The_same_signature_again_is_already_so() => Assert.Equal(Decision<GrantEvent>.Nothing, Given(Request(), Approve("bob")).When(Approve("bob")));

    [Fact]
    public void Who_is_tied_to_the_first_by_a_second_key_is_not_the_second_person()
    {
        Given(Request(), new GrantCommand.Approve(By("ann", "1")), new GrantCommand.Approve(By("ann", "2")), new GrantCommand.Approve(By("bob", "2")));
        Assert.Equal(1, Assert.IsType<Grant.Requested>(grant).Of.Missing);
    }

    [Theory]
    [InlineData("alice@example.com", "other")]
    [InlineData("other", "alice@example.com")]
    public void Who_asked_does_not_approve(string principal, string key) =>
        Assert.Equal(RefusalCode.Denied, Given(Request()).When(new GrantCommand.Approve(By(principal, key))).Refusal!.Code);

    [Fact]
    public void Where_the_policy_says_so_who_asked_counts() =>
        Assert.IsType<Grant.Active>(Given(Request(quorum: new Quorum(1, RequesterCounts: true)), Approve("alice@example.com")).grant);

    [Fact]
    public void Approved_too_late_it_is_not_approved()
    {
        Given(Request());
        now = Noon.AddHours(1);
        Assert.Equal(RefusalCode.Conflict, When(Approve("bob")).Refusal!.Code);
        Assert.Equal([new GrantEvent.Lapsed()], When(new GrantCommand.Wake()).Events.ToArray());
    }

    [Fact]
    public void Its_end_comes_with_the_window_s()
    {
        Given(Request(), Approve("bob"), Approve("carol"));
        now = Noon.AddHours(1).AddTicks(-1);
        Assert.Empty(When(new GrantCommand.Wake()).Events);
        now = Noon.AddHours(1);
        Assert.Equal([new GrantEvent.Expired()], When(new GrantCommand.Wake()).Events.ToArray());
        Assert.Null(grant.WakeAt);
    }

    [Fact]
    public void Asleep_through_its_whole_window_it_may_have_been_used_and_was_active()
    {
        now = Noon.AddHours(-1);
        Given(Request(), Approve("bob"), Approve("carol"));
        now = Noon.AddHours(2);
        Assert.Equal([new GrantEvent.Activated(), new GrantEvent.Expired()], When(new GrantCommand.Wake()).Events.ToArray());
    }

    [Fact]
    public void Break_glass_that_was_active_is_reviewed_by_somebody_else()
    {
        var alone = new Quorum(1, RequesterCounts: true);
        Given(Request(ForTask with { BreakGlass = true }, alone), Approve("alice@example.com"), new GrantCommand.Revoke("done"));
        Assert.Equal(Review.Due, Assert.IsType<Grant.Ended>(grant).Review);
        Assert.Equal(RefusalCode.Denied, When(new GrantCommand.Review(By("alice@example.com"))).Refusal!.Code);
        Assert.Single(When(new GrantCommand.Review(By("bob"))).Events);
        Assert.Equal(Review.Done, Assert.IsType<Grant.Ended>(grant).Review);
    }

    [Fact]
    public void Break_glass_that_was_revoked_as_soon_as_it_could_be_used_is_reviewed_all_the_same()
    {
        now = Noon.AddHours(-1);
        Given(Request(ForTask with { BreakGlass = true }, new Quorum(1, RequesterCounts: true)), Approve("alice@example.com"));
        now = Noon;
        Given(new GrantCommand.Revoke("nothing happened here"));
        Assert.Equal(Review.Due, Assert.IsType<Grant.Ended>(grant).Review);
    }

    private static GrantCommand.Request Request(GrantDocument? document = null, Quorum? quorum = null) =>
        new(Text(document ?? ForTask), By("alice@example.com"), quorum ?? Two);

    private static GrantCommand.Approve Approve(string principal) => new(By(principal));

    private GrantDeciderTests Given(params ReadOnlySpan<GrantCommand> commands)
    {
        foreach (var command in commands)
        {
            Assert.NotEmpty(When(command).Events);
        }

        return this;
    }

    private Decision<GrantEvent> When(GrantCommand command)
    {
        var decision = GrantDecider.Decide(grant, command, now);
        grant = decision.Events.Aggregate(grant, (state, @event) => Grant.Evolve(state, @event, now));
        return decision;
    }
}
