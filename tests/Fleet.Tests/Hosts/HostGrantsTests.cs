using System.Collections.Immutable;
using System.Text.Json;
using Fleet.Grants;
using Fleet.Hosts;
using Fleet.Jobs;
using Fleet.Processes;
using Fleet.Tests.Processes;

namespace Fleet.Tests.Hosts;

public sealed class HostGrantsTests
{
    private static readonly DateTimeOffset Noon = PermitSample.Noon;
    private static readonly JobSpec Spec = PermitSample.Spec, Changed = Spec with { Processes = [PermitSample.Web with { Args = ["-v"] }, PermitSample.Net] };
    private static readonly JobGrant Grant = PermitSample.Grant, Second = PermitSample.Of(Spec, "g-0000000000000002", change: d => d with { NotAfter = Noon.AddHours(2) });

    private HostState host = HostState.Empty;
    private long number;
    private DateTimeOffset now = Noon;

    [Fact]
    public void A_grant_is_given_once_and_a_renewal_beside_it()
    {
        Assert.Equal([new HostEvent.GrantGiven(Grant)], Follow(Spec, Grant));
        Assert.Empty(Follow(Spec, Grant));
        Assert.Equal([new HostEvent.GrantGiven(Second)], Follow(Spec, Grant, Second));
        Assert.Equal(new Permit.Granted(Second).GrantId, Permit.GrantId);
    }

    [Fact]
    public void A_content_that_is_not_what_was_signed_is_no_grant()
    {
        Assert.Empty(Follow(Spec, Grant with { Content = Changed }));
        Assert.Empty(Follow(Spec, Grant with { Content = Spec with { Id = JobId.Parse("other") } }));
    }

    [Theory]
    [InlineData(0, false, GrantLoss.Revoked)]
    [InlineData(0, true, GrantLoss.Replaced)]
    [InlineData(60, false, GrantLoss.Over)]
    [InlineData(60, true, GrantLoss.Over)]
    public void One_that_is_no_longer_wanted_is_taken_with_the_reason(int minutes, bool changed, GrantLoss why)
    {
        Follow(Spec, Grant);
        now = Noon.AddMinutes(minutes);
        Assert.Equal([new HostEvent.GrantTaken(Grant.Id, why)], Follow(changed ? Changed : Spec));
        Assert.Empty(Follow(changed ? Changed : Spec));
    }

    [Fact]
    public void One_that_is_over_by_this_host_s_clock_is_taken_though_control_still_names_it_and_given_again_where_the_clock_was_wrong()
    {
        Follow(Spec, Grant);
        now = Noon.AddHours(1);
        Assert.Equal([new HostEvent.GrantTaken(Grant.Id, GrantLoss.Over)], Follow(Spec, Grant));
        now = Noon;
        Assert.Equal([new HostEvent.GrantGiven(Grant)], Follow(Spec, Grant));
        Assert.Empty(host.Grants.Ended);
    }

    [Fact]
    public void Cut_off_it_goes_on_until_the_end_and_wakes_for_it()
    {
        var later = PermitSample.Of(Spec, "g-0000000000000003", change: d => d with { NotBefore = Noon.AddMinutes(10) });
        Follow(Spec, Grant, later);
        Assert.Equal(Noon.AddMinutes(10), host.Grants.NextChange(Noon));
        Assert.Equal(Noon.AddHours(1), host.Grants.NextChange(Noon.AddMinutes(10)));
        Assert.Empty(host.Grants.Over(Noon.AddHours(1).AddTicks(-1)));
        Assert.Equal(2, host.Grants.Over(Noon.AddHours(1)).Count());
        Assert.Equal(Noon.AddHours(1), host.Grants.NextChange(Noon.AddHours(5)));
        Assert.Null(HostGrants.None.NextChange(Noon));
    }

    [Fact]
    public void An_older_desired_state_takes_nothing()
    {
        Follow(Spec, Grant);
        Assert.Empty(HostDecider.Decide(host, new DesiredState(number - 1, []), 9, now));
    }

    [Fact]
    public void What_was_given_is_in_the_snapshot_and_a_snapshot_from_before_there_were_grants_is_read()
    {
        Follow(Spec, Grant, Second);
        Follow(Spec, Grant);
        var stored = JsonSerializer.Serialize(HostSnapshot.Of(host), FleetJson.Default.HostSnapshot);
        var back = JsonSerializer.Deserialize(stored, FleetJson.Default.HostSnapshot)!.ToState().Grants;
        Assert.Equal((Grant, "g-0000000000000002 Revoked"), (back.Held[Grant.Id], Ended(back)));
        var old = JsonSerializer.Deserialize("""{"assigned":[],"leaving":[],"slices":[],"desired":3}""", FleetJson.Default.HostSnapshot)!.ToState();
        Assert.Empty(old.Grants.Held);
    }

    [Fact]
    public void Of_those_that_were_over_the_last_counts_and_what_was_revoked_is_remembered()
    {
        Follow(Spec, Grant, Second, PermitSample.Of(Spec, "g-0000000000000003"));
        Follow(Spec, Grant, Second);
        now = Noon.AddHours(1);
        Follow(Spec, Second);
        now = Noon.AddHours(2);
        Follow(Spec);
        Assert.Equal("g-0000000000000003 Revoked, g-0000000000000002 Over", Ended(host.Grants));
    }

    [Fact]
    public void Another_content_forgets_what_ended_before_it()
    {
        Follow(Spec, Grant);
        Follow(Spec);
        Assert.Equal([Grant.Id], Permit.Lost.ToArray());
        Follow(Changed);
        Assert.Empty(host.Grants.Ended);
        Assert.Contains("no grant covers it", Assert.IsType<Permit.Missing>(Permit).Why, StringComparison.Ordinal);
    }

    [Fact]
    public void A_process_of_the_baseline_needs_none_and_the_other_what_it_asks_for()
    {
        Follow(Spec);
        Assert.IsType<Permit.Baseline>(PermitOf("web"));
        var missing = Assert.IsType<Permit.Missing>(Permit);
        Assert.Equal(("no grant covers it; it needs one for capability:NET_ADMIN: fleet root request --job FILE --on web-1 --reason TEXT", false), (missing.Why, missing.KeepsRunning));
    }

    public static TheoryData<string, object> NotCovering => new()
    {
        { "it begins at 2026-11-26T12:30:00Z", PermitSample.Of(Spec, change: d => d with { NotBefore = Noon.AddMinutes(30) }) },
        { "it is for web-2, not for web-1", PermitSample.Of(Spec, change: d => d with { Hosts = HostSelector.Of("web-2") }) },
        { "it lacks capability:NET_ADMIN", PermitSample.Of(Spec, change: d => d with { Privileges = new([new Fleet.Privileges.Privilege.NoSeccomp()]) }) },
    };

    [Theory]
    [MemberData(nameof(NotCovering))]
    public void One_that_does_not_cover_it_now_lets_nothing_start_and_says_why(string why, object grant)
    {
        Follow(Spec, (JobGrant)grant);
        var missing = Assert.IsType<Permit.Missing>(Permit);
        Assert.StartsWith($"its grant g-0000000000000001 does not cover it: {why}; it needs one for capability:NET_ADMIN", missing.Why, StringComparison.Ordinal);
        Assert.False(missing.KeepsRunning);
    }

    [Theory]
    [InlineData(AtEnd.Stop, false)]
    [InlineData(AtEnd.KeepRunning, true)]
    public void At_its_end_the_grant_says_what_becomes_of_what_runs_and_the_same_before_and_after_it_is_written_down(AtEnd atEnd, bool goesOn)
    {
        Follow(Spec, PermitSample.Of(Spec, atEnd: atEnd));
        now = Noon.AddHours(1).AddTicks(-1);
        Assert.IsType<Permit.Granted>(Permit);
        now = Noon.AddHours(1);
        var before = Assert.IsType<Permit.Missing>(Permit);
        Assert.Equal(goesOn, before.KeepsRunning);
        Assert.StartsWith("its grant g-0000000000000001 is over since 2026-11-26T13:00:00Z; it needs", before.Why, StringComparison.Ordinal);
        host = host.Grants.Over(now).Aggregate(host, HostState.Evolve);
        Assert.Equal((before.Why, goesOn), Permit is Permit.Missing after ? (after.Why, after.KeepsRunning) : default);
    }

    [Fact]
    public void One_that_was_revoked_lets_nothing_go_on()
    {
        Follow(Spec, PermitSample.Of(Spec, atEnd: AtEnd.KeepRunning));
        Follow(Spec);
        var missing = Assert.IsType<Permit.Missing>(Permit);
        Assert.StartsWith("its grant g-0000000000000001 was revoked; it needs", missing.Why, StringComparison.Ordinal);
        Assert.True(missing.Ends(Grant.Id));
    }

    [Fact]
    public void A_process_that_leaves_with_its_job_leaves_nothing_of_its_grants()
    {
        Follow(Spec, Grant);
        Follow(Spec);
        host = HostDecider.Decide(host, new DesiredState(++number, []), 9, now).Aggregate(host, HostState.Evolve);
        host = HostState.Evolve(host, new HostEvent.ProcessRemoved(new ProcessId(Spec.Id, "web")));
        Assert.Single(host.Grants.Ended);
        host = HostState.Evolve(host, new HostEvent.ProcessRemoved(new ProcessId(Spec.Id, "net")));
        Assert.Empty(host.Grants.Ended);
    }

    private Permit Permit => PermitOf("net");

    private Permit PermitOf(string process) => ProcessGrants.Of(host, host.Assigned[new ProcessId(Spec.Id, process)], () => "web-1").At(now);

    private static string Ended(HostGrants grants) => string.Join(", ", grants.Ended.Select(e => $"{e.Id} {e.Why}"));

    // What a desired state changes about grants.
    private HostEvent[] Follow(JobSpec spec, params JobGrant[] grants)
    {
        var version = spec == Changed ? 2 : 1;
        var events = HostDecider.Decide(host, new DesiredState(++number, [new DesiredJob(version, version, spec, true, 0, Guid.Empty)]) { Grants = [.. grants] }, 9, now);
        host = events.Aggregate(host, HostState.Evolve);
        return [.. events.Where(e => e is HostEvent.GrantGiven or HostEvent.GrantTaken)];
    }
}
