using System.Collections.Immutable;
using Fleet.Grants;
using Fleet.Privileges;
using Fleet.RootTasks;
using static Fleet.Tests.Grants.GrantSample;

namespace Fleet.Tests.RootTasks;

public class RootVerdictTests
{
    private static readonly RootPolicy Policy = new(
        1, "shop", "web-1", ImmutableSortedDictionary.CreateRange(StringComparer.Ordinal, [KeyValuePair.Create("tier", "web")]), 999, 2, false, [], 600, 7200,
        new BreakGlassPolicy(true, 900));

    private static readonly ImmutableArray<GrantSignature> Both = [By("bob"), By("carol")];

    private static readonly GrantDocument Broken = ForTask with { BreakGlass = true, NotAfter = Noon.AddMinutes(15) };

    [Fact]
    public void What_two_others_signed_for_this_host_and_now_is_let_through() => Assert.Empty(Denials(ForTask, Both));

    public static TheoryData<string, object?, RootDenial[]> Jobs => new()
    {
        { "no jobs", null, [RootDenial.BeyondPolicy] },
        { "whatever is granted, but for going on", new JobsPolicy("/var/vcap", 100000, 100000, 9, null), [RootDenial.KeepsRunning] },
        { "whatever is granted", new JobsPolicy("/var/vcap", 100000, 100000, 9, null, KeepRunning: true), [] },
        { "what is granted", new JobsPolicy("/var/vcap", 100000, 100000, 9, ForJob.Privileges, KeepRunning: true), [] },
        { "less", new JobsPolicy("/var/vcap", 100000, 100000, 9, PrivilegeSet.Baseline, KeepRunning: true), [RootDenial.BeyondPolicy] },
    };

    [Theory]
    [MemberData(nameof(Jobs))]
    public void A_job_has_what_the_host_lets_jobs_have(string what, object? jobs, RootDenial[] denials)
    {
        Assert.NotEmpty(what);
        Assert.Equal(denials, Denials(Policy with { Jobs = (JobsPolicy?)jobs }, ForJob, Both, Noon, Noon));
    }

    [Fact]
    public void Nothing_is_let_through_without_a_signature() => Assert.Equal([RootDenial.TooFewSigners], Denials(ForTask, []));

    public static TheoryData<string, string[]> TooFew => new()
    {
        { "one", ["bob"] },
        { "one twice", ["bob", "bob"] },
        { "one with two keys", ["bob:1", "bob:2"] },
        { "one key under two names", ["bob:1", "carol:1"] },
        { "who asked, and one", ["alice@example.com", "bob"] },
        { "the key of who asked under another name", ["bob:a", "carol"] },
        { "two who are tied to who asked by a third", ["bob:a", "bob:2", "carol:2", "dave"] },
    };

    [Theory]
    [MemberData(nameof(TooFew))]
    public void Fewer_than_two_other_people_are_too_few(string what, string[] signers)
    {
        Assert.NotEmpty(what);
        Assert.Equal([RootDenial.TooFewSigners], Denials(ForTask, [.. signers.Select(s => s.Split(':')).Select(s => By(s[0], s[^1]))]));
    }

    [Fact]
    public void Who_asked_counts_only_by_the_hosts_own_word() =>
        Assert.Empty(Denials(Policy with { RequesterCounts = true }, ForTask, [By("alice@example.com"), By("bob")], Noon, Noon));

    [Theory]
    [InlineData(-1, RootDenial.NotYet)]
    [InlineData(0, null)]
    [InlineData(3599, null)]
    [InlineData(3600, RootDenial.Over)]
    public void The_window_begins_with_its_first_second_and_ends_before_its_last(int second, RootDenial? denial) =>
        Assert.Equal(denial is { } one ? [one] : [], Denials(Policy, ForTask, Both, Noon.AddSeconds(second), Noon.AddHours(-1)));

    [Fact]
    public void A_request_that_somebody_else_signed_is_denied() =>
        Assert.Equal([RootDenial.RequestNotSigned], RootVerdict.Denials(Policy, ForTask, By("mallory"), Both, Noon, Noon).ToArray());

    [Fact]
    public void A_clock_that_was_set_back_opens_no_window() =>
        Assert.Equal([RootDenial.ClockWentBack], Denials(Policy, ForTask, Both, Noon.AddMinutes(5), Noon.AddMinutes(6)));

    [Fact]
    public void A_grant_of_another_fleet_or_for_another_host_is_nothing_here()
    {
        Assert.Equal([RootDenial.WrongFleet], Denials(ForTask with { Fleet = "bank" }, Both));
        Assert.Equal([RootDenial.WrongHost], Denials(ForTask with { Hosts = HostSelector.Of("web-2") }, Both));
        Assert.Empty(Denials(ForTask with { Hosts = new([], Policy.Labels) }, Both));
    }

    [Fact]
    public void What_is_longer_than_the_policy_allows_is_denied()
    {
        Assert.Equal([RootDenial.WindowTooLong], Denials(ForTask with { NotAfter = Noon.AddSeconds(7201) }, Both));
        Assert.Equal([RootDenial.TimeoutTooLong], Denials(With(t => t with { TimeoutSeconds = 601 }), Both));
    }

    [Fact]
    public void Of_each_required_team_somebody_must_have_signed()
    {
        var policy = Policy with { RequiredTeams = [new Team("security", ["carol", "dave"]), new Team("database", ["erin"])] };
        Assert.Equal([RootDenial.TeamMissing], Denials(policy, ForTask, Both, Noon, Noon));
        Assert.Empty(Denials(policy, ForTask, [.. Both, By("erin")], Noon, Noon));
    }

    [Fact]
    public void Break_glass_needs_one_signature_and_a_short_window()
    {
        Assert.Empty(Denials(Broken, [By("alice@example.com")]));
        Assert.Equal([RootDenial.TooFewSigners], Denials(Broken, []));
        Assert.Equal([RootDenial.WindowTooLong], Denials(Broken with { NotAfter = Noon.AddSeconds(901) }, Both));
    }

    [Fact]
    public void Where_there_is_no_break_glass_it_is_denied_however_many_signed() =>
        Assert.Equal([RootDenial.NoBreakGlass], Denials(Policy with { BreakGlass = null }, Broken, Both, Noon, Noon));

    [Fact]
    public void All_reasons_are_told() => Assert.Equal(
        [RootDenial.WrongFleet, RootDenial.WrongHost, RootDenial.NotYet, RootDenial.TooFewSigners],
        Denials(Policy with { Fleet = "bank", Host = "x" }, ForTask, [], Noon.AddDays(-1), Noon.AddDays(-2)));

    private static RootDenial[] Denials(GrantDocument grant, ImmutableArray<GrantSignature> approvals) => Denials(Policy, grant, approvals, Noon, Noon);

    private static RootDenial[] Denials(RootPolicy policy, GrantDocument grant, ImmutableArray<GrantSignature> approvals, DateTimeOffset now, DateTimeOffset latest) =>
        [.. RootVerdict.Denials(policy, grant, By(grant.Requester, "a"), approvals, now, latest)];
}
