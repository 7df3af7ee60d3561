using Fleet.Grants;
using Fleet.Ledger;
using static Fleet.Tests.Grants.GrantSample;

namespace Fleet.Tests.Grants;

/// <summary>A grant for a job has a window and no uses.</summary>
public sealed class JobGrantDeciderTests
{
    private Grant grant = Grant.None;

    [Theory]
    [InlineData(60, "grant.expired.v1")]
    [InlineData(59, "")]
    public void It_is_asked_for_approved_active_and_expires_as_any_other(int minutes, string ends)
    {
        Assert.Equal("grant.requested.v1", When(Request));
        Assert.Equal("grant.approved.v1", When(new GrantCommand.Approve(By("bob"))));
        Assert.Equal("grant.approved.v1, grant.activated.v1", When(new GrantCommand.Approve(By("carol"))));
        Assert.Equal(ends, When(new GrantCommand.Wake(), minutes));
    }

    [Fact]
    public void It_is_denied_revoked_and_lapses_as_any_other()
    {
        When(Request);
        Assert.Equal("grant.lapsed.v1", Names(Decide(new GrantCommand.Wake(), 60)));
        Assert.Equal("grant.denied.v1", Names(Decide(new GrantCommand.Deny("no"), 0)));
        When(new GrantCommand.Approve(By("bob")));
        When(new GrantCommand.Approve(By("carol")));
        Assert.Equal("grant.revoked.v1", When(new GrantCommand.Revoke("done")));
    }

    [Fact]
    public void Whatever_its_state_it_has_no_uses_and_the_way_out_is_said()
    {
        When(Request);
        foreach (var next in new GrantCommand[] { new GrantCommand.Approve(By("bob")), new GrantCommand.Approve(By("carol")), new GrantCommand.Revoke("done"), new GrantCommand.Wake() })
        {
            foreach (var anyway in new[] { true, false })
            {
                var refusal = Decide(new GrantCommand.Use("web-1", anyway), 0).Refusal!;
                Assert.Equal(RefusalCode.Invalid, refusal.Code);
                Assert.Equal("the grant is for job net/silk, which its hosts start by themselves while it is active; submit it: fleet job run FILE", refusal.Message);
            }

            When(next);
        }
    }

    private static GrantCommand Request => new GrantCommand.Request(Text(ForJob), By("alice@example.com"), Two);

    private string When(GrantCommand command, int minutes = 0)
    {
        var decision = Decide(command, minutes);
        Assert.Null(decision.Refusal);
        grant = decision.Events.Aggregate(grant, (state, @event) => Grant.Evolve(state, @event, Noon.AddMinutes(minutes)));
        return Names(decision);
    }

    private Decision<GrantEvent> Decide(GrantCommand command, int minutes) => GrantDecider.Decide(grant, command, Noon.AddMinutes(minutes));

    private static string Names(Decision<GrantEvent> decision) => string.Join(", ", decision.Events.Select(EventCatalog.NameOf));
}
