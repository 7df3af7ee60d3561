using System.Collections.Immutable;
using System.Text;
using Akka.Actor;
using Fleet.Actors.Grants;
using Fleet.Grants;
using Fleet.Ledger;
using Fleet.Privileges;
using Fleet.RootTasks;
using Microsoft.Extensions.Time.Testing;
using static Fleet.Actors.Tests.AgentFixture;

namespace Fleet.Actors.Tests;

public sealed class GrantTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 26, 12, 0, 0, TimeSpan.Zero);
    private static readonly GrantId Id = GrantId.Parse("g-8f3a91b2c4d5e6f7");

    private readonly FakeTimeProvider time = new(Noon);

    [Fact]
    public async Task A_grant_is_active_when_enough_have_approved_it_and_its_window_has_begun()
    {
        await using var agent = await Begin(time: time);
        Assert.IsType<Grant.Requested>((await Request(agent)).Grant);
        Assert.Equal(1, (await Do(agent, new GrantCommand.Approve(By("bob")))).Grant.Asking!.Missing);
        Assert.IsType<Grant.Active>((await Do(agent, new GrantCommand.Approve(By("carol")))).Grant);
        Assert.Equal(["grant.requested.v1", "grant.approved.v1", "grant.approved.v1", "grant.activated.v1"], agent.Stored().Select(r => r.Envelope.Name).Where(IsOfGrants));
        var envelope = agent.Stored().Single(r => r.Event is GrantEvent.Requested).Envelope;
        Assert.Equal(("grant/g-8f3a91b2c4d5e6f7", "g-8f3a91b2c4d5e6f7", "uid:1000(alice)"), (envelope.Stream, envelope.Subject, envelope.Principal.Name));
    }

    [Fact]
    public async Task A_grant_survives_the_agent_with_all_that_was_signed()
    {
        await using var agent = await Begin(time: time);
        await Request(agent);
        var before = (await Do(agent, new GrantCommand.Approve(By("bob")))).Grant.Asking!;
        await agent.Kill();
        await agent.Start();
        var after = Assert.IsType<Grant.Requested>(Assert.Single(await List(agent))).Of;
        Assert.Equal((before.Text, before.By, before.Quorum), (after.Text, after.By, after.Quorum));
        Assert.Equal(before.Approvals.ToArray(), after.Approvals.ToArray());
        Assert.IsType<Grant.Active>((await Do(agent, new GrantCommand.Approve(By("carol")))).Grant);
    }

    [Theory]
    [InlineData(0, "Ended", "grant.lapsed.v1")]
    [InlineData(2, "Ended", "grant.expired.v1")]
    public async Task Its_window_s_end_ends_it_without_anybody_s_doing(int approvals, string state, string newest)
    {
        await using var agent = await Begin(time: time);
        await Request(agent);
        await Approve(agent, approvals);
        time.Advance(TimeSpan.FromMinutes(59));
        Assert.NotEqual(state, (await Get(agent)).GetType().Name);
        time.Advance(TimeSpan.FromMinutes(1));
        await Eventually(() => Get(agent).GetAwaiter().GetResult().GetType().Name == state);
        var stored = agent.Stored()[^1].Envelope;
        Assert.Equal((newest, "agent:test-host"), (stored.Name, stored.Principal.Name));
        Assert.Equal(agent.Stored().First(r => r.Event is GrantEvent.Requested).Envelope.CorrelationId, stored.CorrelationId);
    }

    [Fact]
    public async Task An_approved_grant_becomes_active_when_its_window_begins()
    {
        await using var agent = await Begin(time: time);
        await Request(agent, Document() with { NotBefore = Noon.AddDays(90), NotAfter = Noon.AddDays(91) });
        await Approve(agent, 2);
        Assert.IsType<Grant.Approved>(await Get(agent));
        time.Advance(TimeSpan.FromDays(90));
        await Eventually(() => Get(agent).GetAwaiter().GetResult() is Grant.Active);
    }

    [Fact]
    public async Task What_ended_while_the_agent_was_dead_is_recorded_when_it_is_back()
    {
        await using var agent = await Begin(time: time);
        await Request(agent);
        await Approve(agent, 2);
        await agent.Kill();
        time.Advance(TimeSpan.FromDays(3));
        await agent.Start();
        await Eventually(() => Get(agent).GetAwaiter().GetResult() is Grant.Ended { How: GrantEnd.Expired });
    }

    [Fact]
    public async Task Two_approvals_at_once_both_count_and_one_given_twice_counts_once()
    {
        await using var agent = await Begin(time: time);
        await Request(agent, quorum: 3);
        var replies = await Task.WhenAll(new[] { "bob", "bob", "carol" }.Select(who => Do(agent, new GrantCommand.Approve(By(who)))));
        Assert.Equal(2, replies.Count(r => r.Changed));
        Assert.Equal(1, (await Get(agent)).Asking!.Missing);
        Assert.Equal(2, agent.Stored<GrantEvent.Approved>().Count());
    }

    [Fact]
    public async Task A_write_that_fails_is_refused_and_the_grant_comes_back_as_it_was()
    {
        await using var agent = await Begin(time: time);
        await Request(agent);
        agent.Sql("CREATE TRIGGER full BEFORE INSERT ON journal BEGIN SELECT RAISE(FAIL, 'disk full'); END");
        var refused = await Refused(agent, new GrantCommand.Approve(By("bob")));
        Assert.Equal(RefusalCode.Unavailable, refused.Code);
        Assert.Contains("nothing was done: ", refused.Message, StringComparison.Ordinal);
        agent.Sql("DROP TRIGGER full");
        Assert.Equal(1, (await Do(agent, new GrantCommand.Approve(By("bob")))).Grant.Asking!.Missing);
    }

    [Fact]
    public async Task An_end_that_could_not_be_written_is_written_once_it_can()
    {
        await using var agent = await Begin(time: time);
        await Request(agent);
        agent.Sql("CREATE TRIGGER full BEFORE INSERT ON journal BEGIN SELECT RAISE(FAIL, 'disk full'); END");
        time.Advance(TimeSpan.FromHours(1));
        await Task.Delay(300);
        agent.Sql("DROP TRIGGER full");

        await Eventually(() => Get(agent).GetAwaiter().GetResult() is Grant.Ended { How: GrantEnd.Lapsed });
        Assert.Single(agent.Stored<GrantEvent.Lapsed>());
    }

    [Fact]
    public async Task A_use_has_a_number_and_the_intent_is_on_disk_before_the_answer()
    {
        await using var agent = await Begin(time: time);
        await Request(agent);
        await Approve(agent, 2);
        var begun = await Do(agent, new GrantCommand.Use("web-1", Anyway: false));
        Assert.Equal((1, new GrantEvent.UseBegun("web-1", 1)), (begun.Use, agent.Stored<GrantEvent.UseBegun>().Single()));
        Assert.Equal(RefusalCode.Conflict, (await Refused(agent, new GrantCommand.Use("web-1", Anyway: false))).Code);
        await Do(agent, new GrantCommand.Report("web-1", 1, new UseOutcome.Refused(RootDenial.NotYet, "not yet")));
        Assert.Equal(Outcome.Refused, agent.Stored()[^1].Envelope.Outcome);
        Assert.Equal(1, (await Do(agent, new GrantCommand.Use("web-1", Anyway: false))).Use);
        var ended = await Do(agent, new GrantCommand.Report("web-1", 1, new UseOutcome.Ended(3, RootEnd.Exited, "{}", "-----BEGIN SSH SIGNATURE-----")));
        Assert.Equal((UseState.Ended, Outcome.Failed), (Assert.Single(ended.Grant.Asking!.Uses).State, agent.Stored()[^2].Envelope.Outcome));
        Assert.Equal(("grant.used.v1", Outcome.Succeeded), (agent.Stored()[^1].Envelope.Name, agent.Stored()[^1].Envelope.Outcome));
    }

    [Fact]
    public async Task A_grant_that_is_used_up_ends_at_once_and_not_again_with_its_window()
    {
        await using var agent = await UsedUp();
        var before = Assert.IsType<Grant.Ended>(await Get(agent));
        time.Advance(TimeSpan.FromHours(2));
        await agent.Kill();
        await agent.Start();
        var after = Assert.IsType<Grant.Ended>(await Get(agent));
        Assert.Equal((GrantEnd.Used, Assert.Single(before.Of.Uses)), (after.How, Assert.Single(after.Of.Uses)));
        Assert.Equal("grant.used.v1", agent.Stored().Last(r => IsOfGrants(r.Envelope.Name)).Envelope.Name);
    }

    [Fact]
    public async Task What_was_used_up_before_there_was_an_event_for_it_gets_one_when_the_agent_is_back()
    {
        await using var agent = await UsedUp();
        await agent.Kill();
        agent.Sql("DELETE FROM journal WHERE manifest = 'grant.used.v1'");
        Assert.Empty(agent.Stored<GrantEvent.Used>());
        await agent.Start();
        await Eventually(() => Get(agent).GetAwaiter().GetResult() is Grant.Ended { How: GrantEnd.Used });
        await agent.Kill();
        await agent.Start();
        Assert.IsType<Grant.Ended>(await Get(agent));
        Assert.Equal("agent:test-host", agent.Stored().Single(r => r.Event is GrantEvent.Used).Envelope.Principal.Name);
    }

    [Fact]
    public async Task A_refused_approval_is_recorded_as_refused_and_by_whom()
    {
        await using var agent = await Begin(time: time);
        await Request(agent);
        await Do(agent, new GrantCommand.RefusedApproval("by nobody"));
        var stored = agent.Stored().Single(r => r.Event is GrantEvent.ApprovalRefused);
        Assert.Equal((Outcome.Refused, "uid:1000(alice)"), (stored.Envelope.Outcome, stored.Envelope.Principal.Name));
    }

    [Fact]
    public async Task Asking_for_a_grant_that_is_not_there_leaves_nothing_behind()
    {
        await using var agent = await Begin(time: time);
        Assert.Equal(RefusalCode.NotFound, (await Refused(agent, new GrantCommand.Approve(By("bob")))).Code);
        Assert.Equal(RefusalCode.NotFound, Assert.IsType<GrantReply.Refused>(await Ask(agent, new GrantMessage.Get(Id))).Refusal.Code);
        Assert.Empty(await List(agent));
    }

    [Fact]
    public async Task A_refused_request_is_no_grant()
    {
        await using var agent = await Begin(time: time);
        Assert.Equal(RefusalCode.Denied, (await Refused(agent, new GrantCommand.Request(Text(Document()), By("mallory"), new Quorum(2, false)))).Code);
        Assert.Empty(await List(agent));
        Assert.Equal(RefusalCode.NotFound, (await Refused(agent, new GrantCommand.Approve(By("bob")))).Code);
        await Request(agent);
    }

    [Fact]
    public async Task An_agent_without_the_role_control_says_who_has_the_grants()
    {
        using var system = ActorSystem.Create("no-control", "akka.loglevel = OFF\nakka.stdout-loglevel = OFF");
        var reply = await system.StartNoControl().Ask<GrantReply>(new GrantMessage.Get(Id), TimeSpan.FromSeconds(20));
        Assert.Contains("ask one that has", Assert.IsType<GrantReply.Refused>(reply).Refusal.Message, StringComparison.Ordinal);
    }

    private async Task<AgentFixture> UsedUp()
    {
        var agent = await Begin(time: time);
        await Request(agent);
        await Approve(agent, 2);
        await Do(agent, new GrantCommand.Use("web-1", Anyway: false));
        await Do(agent, new GrantCommand.Report("web-1", 1, new UseOutcome.Ended(0, RootEnd.Exited, "{}", "-")));
        return agent;
    }

    private static Task<GrantReply.Accepted> Request(AgentFixture agent, GrantDocument? document = null, int quorum = 2) =>
        Do(agent, new GrantCommand.Request(Text(document ?? Document()), By("alice"), new Quorum(quorum, RequesterCounts: false)));

    private static async Task Approve(AgentFixture agent, int people)
    {
        foreach (var who in new[] { "bob", "carol" }.Take(people))
        {
            await Do(agent, new GrantCommand.Approve(By(who)));
        }
    }

    private static async Task<GrantReply.Accepted> Do(AgentFixture agent, GrantCommand command) =>
        Assert.IsType<GrantReply.Accepted>(await Ask(agent, new GrantMessage.Do(Id, command, Because())));

    private static async Task<Refusal> Refused(AgentFixture agent, GrantCommand command) =>
        Assert.IsType<GrantReply.Refused>(await Ask(agent, new GrantMessage.Do(Id, command, Because()))).Refusal;

    private static async Task<Grant> Get(AgentFixture agent) => Assert.IsType<GrantReply.Accepted>(await Ask(agent, new GrantMessage.Get(Id))).Grant;

    private static Task<GrantReply> Ask(AgentFixture agent, GrantMessage message) => agent.Grants.Ask<GrantReply>(message, TimeSpan.FromSeconds(20));

    private static Task<ImmutableArray<Grant>> List(AgentFixture agent) => agent.Grants.Ask<ImmutableArray<Grant>>(ListGrants.Instance, TimeSpan.FromSeconds(20));

    private static bool IsOfGrants(string name) => name.StartsWith("grant.", StringComparison.Ordinal);

    private static GrantSignature By(string principal) => new(principal, $"SHA256:{principal}", "-----BEGIN SSH SIGNATURE-----");

    private static string Text(GrantDocument document) => Encoding.UTF8.GetString(GrantFormat.Write(document));

    private static GrantDocument Document() => new(
        1, Id, "shop", "alice", "disk is full", false, HostSelector.Of("web-1"), Noon, Noon.AddHours(1), new PrivilegeSet([new Privilege.RunAsRoot()]),
        new RootTask(["/usr/bin/id"], null, ImmutableSortedDictionary<string, string>.Empty, "/", 0, 0, [], 1, 60, 65536, false), null);
}
