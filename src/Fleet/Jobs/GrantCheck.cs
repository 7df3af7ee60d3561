using System.Collections.Immutable;
using Fleet.Grants;
using Fleet.Privileges;

namespace Fleet.Jobs;

/// <summary>
/// Whether a job may run: it may if no process asks for more than the baseline, or if a grant covers its content, its whole set and the host, now.
/// Default deny: what is not covered is refused. The fleet's idea of it; of what runs as root a host's root helper decides again, by itself.
/// </summary>
public static class GrantCheck
{
    /// <param name="grants">All that are known; those of other jobs are passed over.</param>
    /// <param name="host">As root on it has named it. Whether labels select it, that host's root alone knows: here they do.</param>
    public static JobCover Cover(JobSpec spec, IEnumerable<Grant> grants, string host, DateTimeOffset now)
    {
        var asked = PrivilegeSet.Of(spec);
        if (asked.IsBaseline)
        {
            return new JobCover.Baseline();
        }

        var content = JobDigest.Of(spec);
        var judged = grants
            .Where(grant => grant.Asking?.Document.PrivilegedJob?.Job == spec.Id)
            .Select(grant => (grant.Asking!.Document, Why: (ImmutableArray<string>)[.. Standing(grant).Concat(WhyNot(grant.Asking.Document, content, asked, host, now)).Distinct()]))
            .OrderBy(g => g.Document.PrivilegedJob!.Content == content ? 0 : 1).ThenBy(g => g.Why.Length).ThenByDescending(g => g.Document.NotAfter)
            .ToList();
        return judged.Find(g => g.Why.IsEmpty) is { Document: { } covering }
            ? new JobCover.Granted(covering)
            : new JobCover.Missing(Beyond(spec), judged is [var nearest, ..] ? new NearestGrant(nearest.Document.Id, nearest.Why) : null);
    }

    /// <summary>Every reason why a grant's document does not cover a job of this content and set now; none: it does.</summary>
    public static IEnumerable<string> WhyNot(GrantDocument document, Digest content, PrivilegeSet asked, string host, DateTimeOffset now) =>
    [
        .. document.PrivilegedJob is { } job && job.Content != content ? [$"the content changed since: the grant is for {job.Content}, this is {content}"] : (string[])[],
        .. document.Privileges.Missing(asked) is { IsBaseline: false } lacking ? [$"it lacks {lacking}"] : (string[])[],
        .. document.Hosts.Labels.IsEmpty && !document.Hosts.Names.Contains(host) ? [$"it is for {document.Hosts}, not for {host}"] : (string[])[],
        .. now < document.NotBefore ? [$"it begins at {GrantTime.Text(document.NotBefore)}"] : (string[])[],
        .. now >= document.NotAfter ? [Over(document)] : (string[])[],
    ];

    /// <summary>Null: the job may run.</summary>
    /// <param name="host">For what to ask.</param>
    public static Refusal? Check(JobId job, JobCover cover, string host) => cover is not JobCover.Missing missing
        ? null
        : new Refusal(
            RefusalCode.Denied,
            $"job '{job}' needs a grant: {Count(missing.Processes.Length)} more than the baseline; take the privileges below out of the job, or ask for one: {HowToAsk(host)}",
            [
                .. missing.Processes.Select(m => new Mistake($"processes.{m.Process}", $"needs a grant: {m.Privileges}")),
                .. missing.Nearest is { } nearest ? [new Mistake($"grants.{nearest.Grant}", $"does not cover it: {string.Join("; ", nearest.Why)}")] : (Mistake[])[],
            ]);

    public static string HowToAsk(string host) => $"fleet root request --job FILE --on {host} --reason TEXT";

    private static ImmutableArray<MissingPrivileges> Beyond(JobSpec spec) =>
        [.. spec.Processes.Select(p => new MissingPrivileges(p.Name, PrivilegeSet.Of(spec.Id, p))).Where(m => !m.Privileges.IsBaseline)];

    private static string[] Standing(Grant grant) => grant switch
    {
        Grant.Requested s => [$"{s.Of.Missing} more must approve it: fleet root approve {s.Of.Document.Id}"],
        Grant.Ended { How: GrantEnd.Expired or GrantEnd.Lapsed } s => [Over(s.Of.Document)],
        Grant.Ended s => [$"it was {EnumText.Of(s.How)}: {s.Why}"],
        _ => [],
    };

    private static string Over(GrantDocument document) => $"it is over since {GrantTime.Text(document.NotAfter)}";

    private static string Count(int processes) => processes == 1 ? "1 process asks for" : $"{processes} processes ask for";
}
