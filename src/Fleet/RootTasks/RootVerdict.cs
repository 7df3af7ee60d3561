using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Fleet.Grants;

namespace Fleet.RootTasks;

/// <summary>Why a host lets nothing run; a reason has a code that records and tests name.</summary>
[JsonConverter(typeof(SnakeCaseEnum<RootDenial>))]
public enum RootDenial
{
    /// <summary>Whoever asks is not the agent's user.</summary>
    NotTheAgent,
    BadRequest,

    /// <summary>Whoever asked was gone, or took it back, before anything of it was begun.</summary>
    Withdrawn,
    PolicyUnusable,
    SignersUnusable,
    BadSignature,

    /// <summary>Signed, and yet not a grant, or not one for a root task.</summary>
    NotAGrant,
    Revoked,

    /// <summary>The number of the use is none of the grant's.</summary>
    NoSuchUse,

    /// <summary>That use was burnt before.</summary>
    UseTaken,

    /// <summary>The program, or a path or device that was granted, is not there, or is not root's alone.</summary>
    UnsafePath,

    /// <summary>What runs must be on disk before, and it cannot be written.</summary>
    LogUnwritable,

    /// <summary>The host cannot do it as granted; the message says what it lacks.</summary>
    CannotRun,

    /// <summary>A job asks for more than its grant gives.</summary>
    BeyondGrant,

    /// <summary>What is to run is not what was signed.</summary>
    OtherContent,
    WrongFleet,
    WrongHost,
    NotYet,
    Over,
    ClockWentBack,
    WindowTooLong,
    TimeoutTooLong,
    NoBreakGlass,
    RequestNotSigned,
    TooFewSigners,
    TeamMissing,

    /// <summary>More is granted to a job than this host's policy lets jobs have.</summary>
    BeyondPolicy,

    /// <summary>A job is to go on when its grant is over, and this host's policy lets none.</summary>
    KeepsRunning,
}

/// <summary>
/// The decision about root: whether this host, by its own policy, lets a grant be used now. Pure, so that it can be tried without being root. All reasons are
/// answered, in the order in which they are looked at; none: it may. What needs a disk (revocations, uses that are burnt) is looked at beside it.
/// </summary>
public static class RootVerdict
{
    /// <param name="request">The signature over the same bytes in the namespace <c>fleet-request</c>, verified: by its key, who asked is known under any name.</param>
    /// <param name="approvals">Signatures over the grant's very bytes, each verified by <c>allowed_signers</c> in the namespace <c>fleet-grant</c>.</param>
    /// <param name="latest">The latest time at which this host has decided: a clock behind it was set back.</param>
    public static ImmutableArray<RootDenial> Denials(
        RootPolicy policy, GrantDocument grant, GrantSignature request, ImmutableArray<GrantSignature> approvals, DateTimeOffset now, DateTimeOffset latest)
    {
        var breakGlass = grant.BreakGlass ? policy.BreakGlass : null;
        var counting = breakGlass?.RequesterCounts ?? policy.RequesterCounts ? approvals : Signers.Others(approvals.Add(request), grant.Requester);
        return
        [
            .. If(grant.Fleet != policy.Fleet, RootDenial.WrongFleet),
            .. If(!grant.Hosts.Selects(policy.Host, policy.Labels), RootDenial.WrongHost),
            .. If(now < latest, RootDenial.ClockWentBack),
            .. If(now < grant.NotBefore, RootDenial.NotYet),
            .. If(now >= grant.NotAfter, RootDenial.Over),
            .. If(grant.BreakGlass && breakGlass is null, RootDenial.NoBreakGlass),
            .. If(request.Principal != grant.Requester, RootDenial.RequestNotSigned),
            .. If(Seconds(grant) > (breakGlass?.LongestWindowSeconds ?? policy.LongestWindowSeconds), RootDenial.WindowTooLong),
            .. If(grant.RootTask?.TimeoutSeconds > policy.LongestTimeoutSeconds, RootDenial.TimeoutTooLong),
            .. If(Signers.Count(counting) < (breakGlass is null ? policy.Threshold : 1), RootDenial.TooFewSigners),
            .. If(grant.PrivilegedJob is not null && policy.Jobs is null, RootDenial.BeyondPolicy),
            .. If(grant.PrivilegedJob is not null && policy.Jobs?.Most?.Covers(grant.Privileges) == false, RootDenial.BeyondPolicy),
            .. If(grant.PrivilegedJob?.AtEnd == AtEnd.KeepRunning && policy.Jobs is { KeepRunning: false }, RootDenial.KeepsRunning),
            .. If(breakGlass is null && policy.RequiredTeams.Any(team => !counting.Any(s => team.Principals.Contains(s.Principal))), RootDenial.TeamMissing),
        ];
    }

    private static double Seconds(GrantDocument grant) => (grant.NotAfter - grant.NotBefore).TotalSeconds;

    private static RootDenial[] If(bool holds, RootDenial denial) => holds ? [denial] : [];
}
