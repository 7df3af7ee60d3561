using System.Collections.Immutable;
using System.Globalization;
using Fleet.Grants;

namespace Fleet.RootTasks;

/// <summary>What a host says for each of the reasons of <see cref="RootVerdict"/>: the rule, the value that broke it, and where there is one the way out.</summary>
public static class DenialText
{
    public static string Of(RootDenial denial, RootPolicy policy, GrantDocument grant, ImmutableArray<GrantSignature> approvals) => denial switch
    {
        RootDenial.WrongFleet => $"the grant is of the fleet {grant.Fleet}, and this host belongs to {policy.Fleet}",
        RootDenial.WrongHost => $"the grant is for {grant.Hosts}, and this host is {policy.Host}{Labels(policy)}",
        RootDenial.NotYet => $"its window begins at {GrantTime.Text(grant.NotBefore)}, by this host's clock not yet",
        RootDenial.Over => $"its window ended at {GrantTime.Text(grant.NotAfter)}; ask for another",
        RootDenial.ClockWentBack => "this host's clock is behind the latest time at which it has decided: set it right",
        RootDenial.WindowTooLong => $"its window is longer than this host's policy allows ({Seconds(grant.BreakGlass ? policy.BreakGlass?.LongestWindowSeconds : policy.LongestWindowSeconds)})",
        RootDenial.TimeoutTooLong => $"its timeout is longer than this host's policy allows ({Seconds(policy.LongestTimeoutSeconds)})",
        RootDenial.NoBreakGlass => "this host's policy has no break-glass",
        RootDenial.RequestNotSigned => $"the request names {grant.Requester}, who has not signed it",
        RootDenial.TooFewSigners => TooFew(policy, grant, approvals),
        RootDenial.TeamMissing => $"of each of the teams {string.Join(", ", policy.RequiredTeams.Select(t => t.Name))} one must have signed",
        RootDenial.KeepsRunning => "this host's policy lets no job go on when its grant is over (keep_running of jobs)",
        RootDenial.BeyondPolicy => policy.Jobs?.Most is { } most
            ? $"this host's policy gives no job {most.Missing(grant.Privileges)}"
            : "this host's policy has no member jobs: no job has more than the baseline here",
        _ => EnumText.Of(denial),
    };

    private static string TooFew(RootPolicy policy, GrantDocument grant, ImmutableArray<GrantSignature> approvals)
    {
        var (needed, counts) = grant.BreakGlass ? (1, policy.BreakGlass?.RequesterCounts == true) : (policy.Threshold, policy.RequesterCounts);
        var have = Signers.Count(approvals);
        return $"{(needed == 1 ? "1 person" : $"{needed} people")}{(counts ? "" : " other than who asked")} must have signed the grant; the signatures that came are of {have}";
    }

    private static string Labels(RootPolicy policy) => policy.Labels.IsEmpty ? "" : $" ({string.Join(", ", policy.Labels.Select(l => $"{l.Key}={l.Value}"))})";

    private static string Seconds(int? seconds) => string.Create(CultureInfo.InvariantCulture, $"{seconds} s");
}
