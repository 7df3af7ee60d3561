using Fleet.Ledger;

namespace Fleet.Grants;

public abstract record GrantEvent : FleetEvent
{
    private GrantEvent()
    {
    }

    /// <param name="Document">The exact bytes that are signed, as text (<see cref="GrantFormat"/>).</param>
    /// <param name="By">Who signed the request, in the namespace <c>fleet-request</c>.</param>
    [StoredName("grant.requested.v1")]
    public sealed record Requested(string Document, GrantSignature By, Quorum Quorum) : GrantEvent;

    /// <summary>One signature more, in the namespace <c>fleet-grant</c>.</summary>
    [StoredName("grant.approved.v1")]
    public sealed record Approved(GrantSignature By) : GrantEvent;

    /// <summary>All approvals are there, and its window has begun.</summary>
    [StoredName("grant.activated.v1")]
    public sealed record Activated : GrantEvent;

    [StoredName("grant.denied.v1")]
    public sealed record Denied(string Why) : GrantEvent;

    [StoredName("grant.revoked.v1")]
    public sealed record Revoked(string Why) : GrantEvent;

    /// <summary>Its window ended before enough had approved it.</summary>
    [StoredName("grant.lapsed.v1")]
    public sealed record Lapsed : GrantEvent;

    [StoredName("grant.expired.v1")]
    public sealed record Expired : GrantEvent;

    /// <summary>Every host that it names has used it as often as it says, and nothing of it runs any more: it ends before its window does.</summary>
    [StoredName("grant.used.v1")]
    public sealed record Used : GrantEvent;

    /// <summary>Somebody has tried to approve it by what is no approval of it. Of each grant so many are recorded as <see cref="Grant.MostRefusedApprovals"/> says.</summary>
    /// <param name="Why">At most <see cref="GrantRules.LongestText"/> characters of what they were told, with control characters made visible.</param>
    [StoredName("grant.approval_refused.v1")]
    public sealed record ApprovalRefused(string Why) : GrantEvent;

    /// <summary>A use of break-glass was looked at afterwards, by a signature in the namespace <c>fleet-review</c>.</summary>
    [StoredName("grant.reviewed.v1")]
    public sealed record Reviewed(GrantSignature By) : GrantEvent;

    /// <summary>A host is about to be asked to let it be used; on disk before it is.</summary>
    /// <param name="Use">From 1 to the grant's uses per host.</param>
    [StoredName("grant.use_begun.v1")]
    public sealed record UseBegun(string Host, int Use) : GrantEvent;

    /// <param name="Receipt">The root helper's exact words (<see cref="RootTasks.RootReceipt"/>), which it has signed.</param>
    /// <param name="Signature">By the host's helper key, in the namespace <c>fleet-receipt</c>.</param>
    [StoredName("grant.use_ended.v1")]
    public sealed record UseEnded(string Host, int Use, int ExitCode, RootTasks.RootEnd How, string Receipt, string Signature) : GrantEvent;

    /// <summary>The host let nothing run.</summary>
    [StoredName("grant.use_refused.v1")]
    public sealed record UseRefused(string Host, int Use, RootTasks.RootDenial Code, string Detail) : GrantEvent;

    /// <summary>The host was asked, and did not say how it ended: its root log tells.</summary>
    [StoredName("grant.use_lost.v1")]
    public sealed record UseLost(string Host, int Use, string Why) : GrantEvent;
}

/// <summary>A signature that was verified.</summary>
/// <param name="Principal">As <c>allowed_signers</c> names who holds the key.</param>
/// <param name="Key">The key's fingerprint, <c>SHA256:...</c>, as ssh-keygen prints it.</param>
/// <param name="Armored">The signature itself (PROTOCOL.sshsig): whoever doubts it verifies it again.</param>
public sealed record GrantSignature(string Principal, string Key, string Armored);

/// <summary>How many must approve. The fleet's idea of it: a host has its own, and alone decides by that.</summary>
/// <param name="Needed">At least 1.</param>
/// <param name="RequesterCounts">Whether who asked may be one of them.</param>
public sealed record Quorum(int Needed, bool RequesterCounts);
