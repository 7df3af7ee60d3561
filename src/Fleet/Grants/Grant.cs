using System.Collections.Immutable;
using System.Diagnostics;
using System.Text;
using Fleet.Ledger;

namespace Fleet.Grants;

/// <summary>
/// A grant's state: what folding its stream gives.
/// <code>
///   Absent ──requested──► Requested ──approved (k of n)──► Approved ──window begins──► Active ──window ends──► Ended (expired)
///                          │ denied, lapsed, revoked         │ revoked, expired          │ revoked, used
///                          └───────────────► Ended ◄─────────┴───────────────────────────┘
/// </code>
/// Used also ends what the fleet counts too few approvals of, for a host that counts by itself may have let it be used.
/// </summary>
public abstract record Grant
{
    private Grant()
    {
    }

    public static readonly Grant None = new Absent();

    /// <summary>Approvals that were refused are recorded so often for each grant: whoever may call the agent can send as many as they like.</summary>
    public const int MostRefusedApprovals = 16;

    public sealed record Absent : Grant;

    /// <summary>What every grant has from its request on.</summary>
    /// <param name="Text">The exact signed bytes.</param>
    public sealed record Asked(GrantDocument Document, string Text, GrantSignature By, Quorum Quorum, ImmutableArray<GrantSignature> Approvals)
    {
        /// <summary>In the order of their last change.</summary>
        public ImmutableArray<GrantUse> Uses { get; init; } = [];

        /// <summary>How many people's approvals are still missing.</summary>
        public int Missing => Math.Max(0, Quorum.Needed - Signers.Count(Quorum.RequesterCounts ? Approvals : Signers.Others(Approvals.Add(By), By.Principal)));

        /// <summary>How many approvals that were refused are in the record; at most <see cref="MostRefusedApprovals"/>.</summary>
        public int RefusedApprovals { get; init; }

        /// <summary>
        /// Whether every host that it names has used it as often as it says, and no use of it runs. A grant by labels never is, for which hosts have them before its
        /// window ends is not known; neither is one for a job.
        /// </summary>
        public bool IsUsedUp => Document is { RootTask.UsesPerHost: var each, Hosts.Names: { IsEmpty: false } hosts } && GrantUses.AreSpent(Uses, hosts, each);

        // Not IsUsedUp: what a stream says was used up stays so, also when a later version counts otherwise.
        internal bool HasRun => !Uses.IsEmpty && Uses.All(use => use.State != UseState.Begun);

        internal Asked After(GrantEvent use, DateTimeOffset at) => this with { Uses = GrantUses.Evolve(Uses, use, at) };

        internal Asked WithRefusedApproval() => this with { RefusedApprovals = RefusedApprovals + 1 };
    }

    public sealed record Requested(Asked Of) : Grant;

    public sealed record Approved(Asked Of) : Grant;

    public sealed record Active(Asked Of) : Grant;

    /// <param name="Review">Of break-glass that had been active: <see cref="Grants.Review.Due"/> until somebody signs it.</param>
    public sealed record Ended(Asked Of, GrantEnd How, string? Why, Review Review) : Grant;

    /// <summary>Null: there is none yet.</summary>
    public Asked? Asking => this switch
    {
        Requested s => s.Of,
        Approved s => s.Of,
        Active s => s.Of,
        Ended s => s.Of,
        Absent => null,
        _ => throw new UnreachableException($"{GetType()} is not a state of a grant"),
    };

    /// <summary>When time alone may change it next; null: never.</summary>
    public DateTimeOffset? WakeAt => this switch
    {
        not Ended when Asking is { IsUsedUp: true } asked => asked.Document.NotBefore, // It was so before there was an event for it.
        Requested s => s.Of.Document.NotAfter,
        Approved s => s.Of.Document.NotBefore,
        Active s => s.Of.Document.NotAfter,
        Absent or Ended => null,
        _ => throw new UnreachableException($"{GetType()} is not a state of a grant"),
    };

    /// <param name="at">When the event occurred, as its envelope says.</param>
    /// <exception cref="UnreachableException">The event cannot follow this state: the stream was tampered with or mixed up.</exception>
    /// <exception cref="System.Text.Json.JsonException">A stored document is none.</exception>
    public static Grant Evolve(Grant grant, GrantEvent @event, DateTimeOffset at) => (grant, @event) switch
    {
        (Absent, GrantEvent.Requested e) => new Requested(new Asked(GrantFormat.Decode(Encoding.UTF8.GetBytes(e.Document)), e.Document, e.By, e.Quorum, [])),
        (Requested s, GrantEvent.Approved e) => s.Of with { Approvals = s.Of.Approvals.Add(e.By) } is { Missing: > 0 } asked
            ? new Requested(asked)
            : new Approved(s.Of with { Approvals = s.Of.Approvals.Add(e.By) }),
        (Requested s, GrantEvent.Denied e) => new Ended(s.Of, GrantEnd.Denied, e.Why, Review.NotNeeded),
        (Requested s, GrantEvent.Lapsed) => new Ended(s.Of, GrantEnd.Lapsed, null, Review.NotNeeded),
        (Approved s, GrantEvent.Activated) => new Active(s.Of),
        (Requested s, GrantEvent.Revoked e) => new Ended(s.Of, GrantEnd.Revoked, e.Why, Review.NotNeeded),
        (Approved s, GrantEvent.Revoked e) => new Ended(s.Of, GrantEnd.Revoked, e.Why, Review.NotNeeded),
        (Approved s, GrantEvent.Expired) => new Ended(s.Of, GrantEnd.Expired, null, Review.NotNeeded),
        (Active s, GrantEvent.Revoked e) => new Ended(s.Of, GrantEnd.Revoked, e.Why, ReviewOf(s.Of)),
        (Active s, GrantEvent.Expired) => new Ended(s.Of, GrantEnd.Expired, null, ReviewOf(s.Of)),
        (Requested or Approved or Active, GrantEvent.Used) when grant.Asking is { HasRun: true } asked => new Ended(asked, GrantEnd.Used, null, ReviewOf(asked)),
        (Requested s, GrantEvent.ApprovalRefused) => new Requested(s.Of.WithRefusedApproval()),
        (Approved s, GrantEvent.ApprovalRefused) => new Approved(s.Of.WithRefusedApproval()),
        (Active s, GrantEvent.ApprovalRefused) => new Active(s.Of.WithRefusedApproval()),
        (Ended { Review: Review.Due } s, GrantEvent.Reviewed) => s with { Review = Review.Done },
        (Requested s, GrantEvent.UseBegun) => s with { Of = s.Of.After(@event, at) },
        (Active s, GrantEvent.UseBegun) => s with { Of = s.Of.After(@event, at) },
        (Requested s, GrantEvent.UseEnded or GrantEvent.UseRefused or GrantEvent.UseLost) => s with { Of = s.Of.After(@event, at) },
        (Approved s, GrantEvent.UseEnded or GrantEvent.UseRefused or GrantEvent.UseLost) => s with { Of = s.Of.After(@event, at) },
        (Active s, GrantEvent.UseEnded or GrantEvent.UseRefused or GrantEvent.UseLost) => s with { Of = s.Of.After(@event, at) },
        (Ended s, GrantEvent.UseEnded or GrantEvent.UseRefused or GrantEvent.UseLost) => s with { Of = s.Of.After(@event, at) },
        _ => throw new UnreachableException($"{EventCatalog.NameOf(@event)} cannot follow {grant.GetType().Name} of a grant"),
    };

    private static Review ReviewOf(Asked asked) => asked.Document.BreakGlass ? Review.Due : Review.NotNeeded;
}

public enum GrantEnd
{
    Denied,
    Lapsed,
    Revoked,
    Expired,

    /// <summary>As often as it says, on every host that it names.</summary>
    Used,
}

public enum Review
{
    NotNeeded,
    Due,
    Done,
}
