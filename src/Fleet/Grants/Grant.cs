using System.Collections.Immutable;
using System.Diagnostics;
using System.Text;
using Fleet.Ledger;

namespace Fleet.Grants;

/// <summary>
/// A grant's state: what folding its stream gives.
/// <code>
///   Absent ──requested──► Requested ──approved (k of n)──► Approved ──window begins──► Active ──window ends──► Ended (expired)
///                          │ denied, lapsed, revoked         │ revoked, expired          │ revoked
///                          └───────────────► Ended ◄─────────┴───────────────────────────┘
/// </code>
/// </summary>
public abstract record Grant
{
    private Grant()
    {
    }

    public static readonly Grant None = new Absent();

    public sealed record Absent : Grant;

    /// <summary>What every grant has from its request on.</summary>
    /// <param name="Text">The exact signed bytes.</param>
    public sealed record Asked(GrantDocument Document, string Text, GrantSignature By, Quorum Quorum, ImmutableArray<GrantSignature> Approvals)
    {
        /// <summary>In the order of their last change.</summary>
        public ImmutableArray<GrantUse> Uses { get; init; } = [];

        /// <summary>How many people's approvals are still missing.</summary>
        public int Missing => Math.Max(0, Quorum.Needed - Signers.Count(Quorum.RequesterCounts ? Approvals : Signers.Others(Approvals.Add(By), By.Principal)));

        internal Asked After(GrantEvent use) => this with { Uses = GrantUses.Evolve(Uses, use) };
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
        Requested s => s.Of.Document.NotAfter,
        Approved s => s.Of.Document.NotBefore,
        Active s => s.Of.Document.NotAfter,
        Absent or Ended => null,
        _ => throw new UnreachableException($"{GetType()} is not a state of a grant"),
    };

    /// <exception cref="UnreachableException">The event cannot follow this state: the stream was tampered with or mixed up.</exception>
    /// <exception cref="System.Text.Json.JsonException">A stored document is none.</exception>
    public static Grant Evolve(Grant grant, GrantEvent @event) => (grant, @event) switch
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
        (Ended { Review: Review.Due } s, GrantEvent.Reviewed) => s with { Review = Review.Done },
        (Requested s, GrantEvent.UseBegun) => s with { Of = s.Of.After(@event) },
        (Active s, GrantEvent.UseBegun) => s with { Of = s.Of.After(@event) },
        (Requested s, GrantEvent.UseEnded or GrantEvent.UseRefused or GrantEvent.UseLost) => s with { Of = s.Of.After(@event) },
        (Approved s, GrantEvent.UseEnded or GrantEvent.UseRefused or GrantEvent.UseLost) => s with { Of = s.Of.After(@event) },
        (Active s, GrantEvent.UseEnded or GrantEvent.UseRefused or GrantEvent.UseLost) => s with { Of = s.Of.After(@event) },
        (Ended s, GrantEvent.UseEnded or GrantEvent.UseRefused or GrantEvent.UseLost) => s with { Of = s.Of.After(@event) },
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
}

public enum Review
{
    NotNeeded,
    Due,
    Done,
}
