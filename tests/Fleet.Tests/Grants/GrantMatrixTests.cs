using System.Collections.Immutable;
using System.Diagnostics;
using System.Text;
using Fleet.Grants;
using Fleet.Ledger;
using Fleet.RootTasks;
using static Fleet.Tests.Grants.GrantSample;

namespace Fleet.Tests.Grants;

/// <summary>Every (state, command) cell before, within and after the window, and every (state, event) pair that is legal.</summary>
public class GrantMatrixTests
{
    private static readonly (string Name, DateTimeOffset At)[] Times = [("before", Noon.AddHours(-1)), ("within", Noon), ("after", Noon.AddHours(1))];

    [Fact]
    public void The_whole_table_is_as_written()
    {
        var table = new StringBuilder();
        foreach (var (stateName, state) in States)
        {
            foreach (var (commandName, command) in Commands)
            {
                table.AppendLine($"{stateName,-14} {commandName,-10} -> {string.Join(" | ", Times.Select(t => Cell(state, command, t.At)))}");
            }
        }

        table.AppendLine().AppendLine("may follow:");
        foreach (var (stateName, state) in States)
        {
            table.AppendLine($"{stateName,-14} {string.Join(", ", Events.Where(e => Follows(state, e)).Select(EventCatalog.NameOf).DefaultIfEmpty("-"))}");
        }

        var written = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Grants", "grant-matrix.txt"));
        Assert.True(written == table.ToString(), $"the table is now:\n{table}");
    }

    private static Grant.Asked Asked => new(ForTask, Text(ForTask), By("alice@example.com"), Two, []);

    private static Grant.Asked Full => Asked with { Approvals = [By("bob"), By("carol")] };

    private static Grant.Asked InUse(params UseState[] states) => Full with { Uses = [.. states.Select((state, i) => new GrantUse("web-1", i + 1, state, Noon, Noon))] };

    private static ImmutableArray<(string, Grant)> States =>
    [
        ("absent", Grant.None),
        ("requested", new Grant.Requested(Asked)),
        ("half approved", new Grant.Requested(Asked with { Approvals = [By("bob")] })),
        ("approved", new Grant.Approved(Full)),
        ("active", new Grant.Active(Full)),
        ("in use", new Grant.Active(InUse(UseState.Begun))),
        ("use lost", new Grant.Active(InUse(UseState.Lost))),
        ("use refused", new Grant.Active(InUse(UseState.Refused))),
        ("last use", new Grant.Active(InUse(UseState.Begun, UseState.Ended))),
        ("used anyway", new Grant.Requested(InUse(UseState.Begun, UseState.Lost))),
        ("spent before", new Grant.Active(InUse(UseState.Ended, UseState.Ended))),
        ("used", new Grant.Ended(InUse(UseState.Ended, UseState.Ended), GrantEnd.Used, null, Review.NotNeeded)),
        ("used, one lost", new Grant.Ended(InUse(UseState.Lost, UseState.Ended), GrantEnd.Used, null, Review.NotNeeded)),
        ("denied", new Grant.Ended(Asked, GrantEnd.Denied, "no", Review.NotNeeded)),
        ("lapsed", new Grant.Ended(Asked, GrantEnd.Lapsed, null, Review.NotNeeded)),
        ("revoked", new Grant.Ended(Full, GrantEnd.Revoked, "done", Review.NotNeeded)),
        ("expired", new Grant.Ended(Full, GrantEnd.Expired, null, Review.NotNeeded)),
        ("review due", new Grant.Ended(Full, GrantEnd.Expired, null, Review.Due)),
        ("used, review", new Grant.Ended(InUse(UseState.Ended, UseState.Ended), GrantEnd.Used, null, Review.Due)),
        ("ended in use", new Grant.Ended(InUse(UseState.Begun), GrantEnd.Revoked, "done", Review.NotNeeded)),
        ("review done", new Grant.Ended(Full, GrantEnd.Expired, null, Review.Done)),
    ];

    private static ImmutableArray<(string, GrantCommand)> Commands =>
    [
        ("request", new GrantCommand.Request(Text(ForTask), By("alice@example.com"), Two)),
        ("approve", new GrantCommand.Approve(By("dave"))),
        ("misapprove", new GrantCommand.RefusedApproval("by nobody")),
        ("deny", new GrantCommand.Deny("no")),
        ("revoke", new GrantCommand.Revoke("done")),
        ("review", new GrantCommand.Review(By("dave"))),
        ("wake", new GrantCommand.Wake()),
        ("use", new GrantCommand.Use("web-1", Anyway: false)),
        ("use anyway", new GrantCommand.Use("web-1", Anyway: true)),
        ("use there", new GrantCommand.Use("web-2", Anyway: true)),
        ("ended", new GrantCommand.Report("web-1", 1, new UseOutcome.Ended(0, RootEnd.Exited, "{}", "-"))),
        ("refused", new GrantCommand.Report("web-1", 1, new UseOutcome.Refused(RootDenial.Over, "-"))),
        ("taken", new GrantCommand.Report("web-1", 1, new UseOutcome.Refused(RootDenial.UseTaken, "-"))),
        ("lost", new GrantCommand.Report("web-1", 1, new UseOutcome.Lost("-"))),
    ];

    private static ImmutableArray<GrantEvent> Events =>
    [
        new GrantEvent.Requested(Text(ForTask), By("alice@example.com"), Two), new GrantEvent.Approved(By("dave")), new GrantEvent.Activated(), new GrantEvent.Denied("no"),
        new GrantEvent.Revoked("done"), new GrantEvent.Lapsed(), new GrantEvent.Expired(), new GrantEvent.Reviewed(By("dave")), new GrantEvent.Used(), new GrantEvent.ApprovalRefused("-"),
        new GrantEvent.UseBegun("web-1", 1), new GrantEvent.UseEnded("web-1", 1, 0, RootEnd.Exited, "{}", "-"),
        new GrantEvent.UseRefused("web-1", 1, RootDenial.Over, "-"), new GrantEvent.UseLost("web-1", 1, "-"),
    ];

    private static string Cell(Grant state, GrantCommand command, DateTimeOffset now) => GrantDecider.Decide(state, command, now) switch
    {
        { Refusal: { } refusal } => refusal.Code.ToString().ToLowerInvariant(),
        { Events.IsEmpty: true } => "-",
        var decision => string.Join('+', decision.Events.Select(e => EventCatalog.NameOf(e)[6..^3])),
    };

    private static bool Follows(Grant state, GrantEvent @event)
    {
        try
        {
            return Grant.Evolve(state, @event, Noon) is not null;
        }
        catch (UnreachableException)
        {
            return false;
        }
    }
}
