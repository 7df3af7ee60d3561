using System.Diagnostics;
using Fleet.Client.Api;
using Fleet.Grants;
using Fleet.RootTasks;

namespace Fleet.Host.Api;

/// <summary>Grants in the API's words.</summary>
internal static class GrantMapping
{
    public static GrantSummary Summary(Grant grant)
    {
        var document = grant.Asking!.Document;
        var what = document.RootTask is { } task ? string.Join(' ', task.Argv) : $"job {document.PrivilegedJob!.Job}";
        return new GrantSummary(
            document.Id.Text, StateOf(grant), document.Requester, document.Reason, document.BreakGlass, document.Hosts.ToString(), what, document.NotBefore, document.NotAfter,
            MissingOf(grant), ReviewOf(grant));
    }

    public static GrantDetail Detail(Grant grant)
    {
        var asked = grant.Asking!;
        return new GrantDetail(
            asked.Document.Id.Text, StateOf(grant), (grant as Grant.Ended)?.Why, asked.Quorum.Needed, asked.Quorum.RequesterCounts, MissingOf(grant), ReviewOf(grant),
            asked.Document.NotBefore, asked.Document.NotAfter, Signature(asked.By), [.. asked.Approvals.Select(Signature)],
            [.. asked.Uses.Select(u => new GrantUseInfo(u.Host, u.Number, Words.Of(u.State), u.Begun, u.Since))], asked.Text);
    }

    public static RootPolicyInfo Policy(RootPolicy policy, AllowedSigners signers) => new(
        policy.Fleet, policy.Host, new SortedDictionary<string, string>(policy.Labels, StringComparer.Ordinal), policy.Threshold, policy.RequesterCounts,
        policy.LongestTimeoutSeconds, policy.LongestWindowSeconds,
        policy.BreakGlass is { } glass ? new BreakGlassInfo(glass.RequesterCounts, glass.LongestWindowSeconds) : null,
        [.. signers.Signers.Select(s => new SignerInfo(s.Principal, s.Key))]);

    /// <param name="state">pending, active or all; null: what is not over. Break-glass that nobody has reviewed is among each.</param>
    public static bool IsOf(string? state, Grant grant) => (state, grant) switch
    {
        (_, Grant.Ended { Review: Review.Due }) or ("all", _) => true,
        ("pending", Grant.Requested) or ("active", Grant.Approved or Grant.Active) or (null, not Grant.Ended) => true,
        ("pending" or "active" or null, _) => false,
        _ => throw new RefusedException(RefusalCode.Invalid, $"state is pending, active or all, not '{state}'"),
    };

    private static string StateOf(Grant grant) => grant switch
    {
        Grant.Requested => "requested",
        Grant.Approved => "approved",
        Grant.Active => "active",
        Grant.Ended s => Words.Of(s.How),
        _ => throw new UnreachableException($"{grant.GetType()} is no grant"),
    };

    private static int MissingOf(Grant grant) => grant is Grant.Requested s ? s.Of.Missing : 0;

    private static string ReviewOf(Grant grant) => Words.Of(grant is Grant.Ended s ? s.Review : Review.NotNeeded);

    private static SignatureInfo Signature(GrantSignature signature) => new(signature.Principal, signature.Key, signature.Armored);
}
