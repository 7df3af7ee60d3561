using System.Diagnostics;
using System.Text;
using Fleet.Ledger;

namespace Fleet.Grants;

/// <summary>What may be asked of a grant. Signatures were verified before; the decider judges what they are worth.</summary>
public abstract record GrantCommand
{
    private GrantCommand()
    {
    }

    /// <param name="Document">The exact bytes, as text.</param>
    public sealed record Request(string Document, GrantSignature By, Quorum Quorum) : GrantCommand;

    public sealed record Approve(GrantSignature By) : GrantCommand;

    /// <summary>What was sent as an approval was refused: only to be recorded.</summary>
    /// <param name="Why">As who sent it was told.</param>
    public sealed record RefusedApproval(string Why) : GrantCommand;

    public sealed record Deny(string Why) : GrantCommand;

    public sealed record Revoke(string Why) : GrantCommand;

    public sealed record Review(GrantSignature By) : GrantCommand;

    /// <summary>A host is to be asked to run it.</summary>
    /// <param name="Anyway">Also where the fleet counts too few approvals: the host decides, and says so.</param>
    public sealed record Use(string Host, bool Anyway) : GrantCommand;

    /// <summary>What came of that.</summary>
    public sealed record Report(string Host, int Number, UseOutcome Outcome) : GrantCommand;

    /// <summary>Time has passed.</summary>
    public sealed record Wake : GrantCommand;
}

/// <summary>Decides what becomes of a command on a grant. Pure. What is not said to be allowed is refused.</summary>
public static class GrantDecider
{
    public static Decision<GrantEvent> Decide(Grant grant, GrantCommand command, DateTimeOffset now) => (grant, command) switch
    {
        (Grant.Absent, GrantCommand.Request c) => Request(c, now),
        (Grant.Absent, _) => Refuse(RefusalCode.NotFound, "there is no such grant; `fleet root list` shows those that there are"),
        (_, GrantCommand.Request) => Refuse(RefusalCode.Conflict, "the grant's id is taken; ask again, for another"),
        (not Grant.Ended, GrantCommand.Wake) when grant.Asking!.IsUsedUp => Of(new GrantEvent.Used()),
        (_, GrantCommand.Use) when grant.Asking!.Document.PrivilegedJob is { } job => Refuse(
            RefusalCode.Invalid, $"the grant is for job {job.Job}, which its hosts start by themselves while it is active; submit it: fleet job run FILE"),
        (Grant.Requested s, GrantCommand.Wake) => now < s.Of.Document.NotAfter ? Nothing : Of(new GrantEvent.Lapsed()),
        (Grant.Approved s, GrantCommand.Wake) => Begin(s.Of, now),
        (Grant.Active s, GrantCommand.Wake) => now < s.Of.Document.NotAfter ? Nothing : Of(new GrantEvent.Expired()),
        (Grant.Ended, GrantCommand.Wake) => Nothing,
        (Grant.Requested s, GrantCommand.Approve c) => Approve(s.Of, c.By, now),
        (Grant.Approved or Grant.Active, GrantCommand.Approve) => Nothing,
        (Grant.Ended, GrantCommand.RefusedApproval) => Nothing,
        (_, GrantCommand.RefusedApproval c) => Refused(grant.Asking!, c.Why),
        (Grant.Requested, GrantCommand.Deny c) => Of(new GrantEvent.Denied(c.Why)),
        (Grant.Approved or Grant.Active, GrantCommand.Deny) => Refuse(RefusalCode.Conflict, "the grant is approved already; revoke it"),
        (Grant.Ended { How: GrantEnd.Denied }, GrantCommand.Deny) => Nothing,
        (Grant.Approved s, GrantCommand.Revoke c) when now >= s.Of.Document.NotBefore => Of(new GrantEvent.Activated(), new GrantEvent.Revoked(c.Why)),
        (Grant.Requested or Grant.Approved or Grant.Active, GrantCommand.Revoke c) => Of(new GrantEvent.Revoked(c.Why)),
        (Grant.Ended { How: GrantEnd.Revoked or GrantEnd.Used }, GrantCommand.Revoke) => Nothing,
        (Grant.Ended { Review: Review.Due } s, GrantCommand.Review c) => Sign(s.Of, c.By),
        (Grant.Ended { Review: Review.Done }, GrantCommand.Review) => Nothing,
        (_, GrantCommand.Review) => Refuse(RefusalCode.Conflict, "only break-glass that was active and has ended is reviewed"),
        (Grant.Requested or Grant.Approved or Grant.Active, GrantCommand.Use) when now >= grant.Asking!.Document.NotAfter => Refuse(
            RefusalCode.Conflict, $"its window ended at {GrantTime.Text(grant.Asking.Document.NotAfter)}; ask for another"),
        (Grant.Requested s, GrantCommand.Use { Anyway: false }) => Refuse(
            RefusalCode.Denied, $"{s.Of.Missing} more must approve it: fleet root approve {s.Of.Document.Id}"),
        (Grant.Requested s, GrantCommand.Use c) => GrantUseDecider.Begin(s.Of, c.Host),
        (Grant.Approved s, GrantCommand.Use c) when now < s.Of.Document.NotBefore => Refuse(
            RefusalCode.Conflict, $"its window begins at {GrantTime.Text(s.Of.Document.NotBefore)}"),
        (Grant.Approved s, GrantCommand.Use c) => GrantUseDecider.Begin(s.Of, c.Host, new GrantEvent.Activated()),
        (Grant.Active s, GrantCommand.Use c) => GrantUseDecider.Begin(s.Of, c.Host),
        (Grant.Ended { How: GrantEnd.Used } s, GrantCommand.Use c) => GrantUseDecider.Spent(s.Of, c.Host),
        (Grant.Ended s, GrantCommand.Report c) => GrantUseDecider.Report(s.Of, c),
        (_, GrantCommand.Report c) => Reported(grant.Asking!, GrantUseDecider.Report(grant.Asking!, c), now),
        (Grant.Ended s, _) => Refuse(RefusalCode.Conflict, $"the grant has ended: {s.How.ToString().ToLowerInvariant()}; ask for another"),
        _ => throw new UnreachableException($"{command.GetType()} is not a command on a grant"),
    };

    private static Decision<GrantEvent> Nothing => Decision<GrantEvent>.Nothing;

    private static Decision<GrantEvent> Request(GrantCommand.Request command, DateTimeOffset now) =>
        GrantFormat.Read(Encoding.UTF8.GetBytes(command.Document)) switch
        {
            GrantReading.Refused refused => new([], new Refusal(RefusalCode.Invalid, "the request breaks rules of a grant", refused.Mistakes)),
            GrantReading.Read { Document: var document } when document.Requester != command.By.Principal => Refuse(
                RefusalCode.Denied, $"the request names {document.Requester} and is signed by {command.By.Principal}; who asks signs"),
            GrantReading.Read { Document: var document } when document.NotAfter <= now => Refuse(
                RefusalCode.Invalid, $"the grant's window ended at {document.NotAfter:O}; ask for a later one"),
            GrantReading.Read => Of(new GrantEvent.Requested(command.Document, command.By, command.Quorum)),
            var other => throw new UnreachableException($"{other}"),
        };

    private static Decision<GrantEvent> Approve(Grant.Asked asked, GrantSignature by, DateTimeOffset now)
    {
        if (now >= asked.Document.NotAfter)
        {
            return Refuse(RefusalCode.Conflict, $"the grant's window ended at {asked.Document.NotAfter:O}; ask for another");
        }

        if (!asked.Quorum.RequesterCounts && Signers.Count([asked.By, by]) == 1)
        {
            return Refuse(RefusalCode.Denied, $"{by.Principal} asked for it, and who asks does not approve (the policy's requester_counts)");
        }

        var more = asked with { Approvals = asked.Approvals.Add(by) };
        return Signers.Knows(asked.Approvals, by) ? Nothing : Begun(more, new GrantEvent.Approved(by), now);
    }

    private static Decision<GrantEvent> Begun(Grant.Asked asked, GrantEvent.Approved approved, DateTimeOffset now) =>
        asked.Missing == 0 && now >= asked.Document.NotBefore ? Of(approved, new GrantEvent.Activated()) : Of(approved);

    // A host decides by its own clock and may have let it be used, though the fleet slept through the window.
    private static Decision<GrantEvent> Begin(Grant.Asked asked, DateTimeOffset now) => now switch
    {
        _ when now >= asked.Document.NotAfter => Of(new GrantEvent.Activated(), new GrantEvent.Expired()),
        _ when now >= asked.Document.NotBefore => Of(new GrantEvent.Activated()),
        _ => Nothing,
    };

    // The last use ends the grant with it.
    private static Decision<GrantEvent> Reported(Grant.Asked asked, Decision<GrantEvent> use, DateTimeOffset now) =>
        use.Events is [var @event] && asked.After(@event, now).IsUsedUp ? Of(@event, new GrantEvent.Used()) : use;

    private static Decision<GrantEvent> Refused(Grant.Asked asked, string why)
    {
        var more = asked.RefusedApprovals + 1 == Grant.MostRefusedApprovals ? "; more of them are not recorded" : "";
        return asked.RefusedApprovals == Grant.MostRefusedApprovals
            ? Nothing
            : Of(new GrantEvent.ApprovalRefused(Short(EventText.Visible(why), GrantRules.LongestText - more.Length) + more));
    }

    private static string Short(string text, int longest) => text.Length > longest ? text[..longest] : text;

    private static Decision<GrantEvent> Sign(Grant.Asked asked, GrantSignature by) =>
        asked.Approvals.Add(asked.By).Any(s => Signers.Count([s, by]) == 1)
            ? Refuse(RefusalCode.Denied, $"{by.Principal} asked for it or approved it; somebody else reviews")
            : Of(new GrantEvent.Reviewed(by));

    private static Decision<GrantEvent> Of(params ReadOnlySpan<GrantEvent> events) => Decision<GrantEvent>.Of(events);

    private static Decision<GrantEvent> Refuse(RefusalCode code, string message) => Decision<GrantEvent>.Refuse(code, message);
}
