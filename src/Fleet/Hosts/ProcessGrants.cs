using System.Collections.Immutable;
using Fleet.Grants;
using Fleet.Jobs;
using Fleet.Privileges;
using Fleet.Processes;

namespace Fleet.Hosts;

/// <summary>What a host holds for one process as it is assigned now: all from which, with the time, its permit follows.</summary>
/// <param name="Asked">By the process, beyond the baseline.</param>
/// <param name="Host">As root on it has named it.</param>
/// <param name="Held">Those for the very content that the process is part of.</param>
/// <param name="Ended">Of its job, the last at the end.</param>
public sealed record ProcessGrants(PrivilegeSet Asked, string Host, ImmutableArray<JobGrant> Held, ImmutableArray<EndedGrant> Ended)
{
    private static readonly ProcessGrants OfBaseline = new(PrivilegeSet.Baseline, "", [], []);

    /// <param name="name">Answers <see cref="Host"/>; asked only where it matters.</param>
    public static ProcessGrants Of(HostState host, Assignment assignment, Func<string> name)
    {
        var (job, asked) = (assignment.Process.Job, PrivilegeSet.Of(assignment.Process.Job, assignment.Spec));
        return asked.IsBaseline ? OfBaseline : new ProcessGrants(
            asked, name(), [.. host.Grants.Held.Values.Where(grant => IsOf(grant.Content, assignment))], [.. host.Grants.Ended.Where(ended => ended.Job == job)]);
    }

    /// <summary>Pure. Of several grants the one that ends last is taken, so that a start does not have to be repeated sooner than it must.</summary>
    public Permit At(DateTimeOffset now)
    {
        if (Asked.IsBaseline)
        {
            return new Permit.Baseline();
        }

        var judged = Held.Select(grant => (Grant: grant, Why: WhyNot(grant, now))).OrderByDescending(g => g.Grant.Document.NotAfter).ThenBy(g => g.Grant.Id.Text, StringComparer.Ordinal).ToList();
        Permit permit = judged.Find(g => g.Why.IsEmpty) is { Grant: { } covering } ? new Permit.Granted(covering) : Missing(judged, now);
        var lost = Ended.Concat(judged.Where(g => now >= g.Grant.Document.NotAfter).Select(g => EndedGrant.Of(g.Grant, GrantLoss.Over)));
        return permit with { Lost = [.. lost.Where(ended => ended is { Why: GrantLoss.Revoked } or { Why: GrantLoss.Over, AtEnd: AtEnd.Stop }).Select(ended => ended.Id).Distinct()] };
    }

    private Permit.Missing Missing(List<(JobGrant Grant, ImmutableArray<string> Why)> judged, DateTimeOffset now)
    {
        // One whose time is up, and whose end was not written down yet, has ended as well.
        var last = judged.Where(g => now >= g.Grant.Document.NotAfter).Select(g => EndedGrant.Of(g.Grant, GrantLoss.Over)).FirstOrDefault() ?? Ended.LastOrDefault();
        var standing = (judged.Find(g => now < g.Grant.Document.NotAfter), last) switch
        {
            ({ Grant: { } held, Why: var why }, _) => $"its grant {held.Id} does not cover it: {string.Join("; ", why)}",
            (_, { Why: GrantLoss.Over }) => $"its grant {last.Id} is over since {GrantTime.Text(last.NotAfter)}",
            (_, { }) => $"its grant {last.Id} was revoked",
            _ => "no grant covers it",
        };
        return new Permit.Missing($"{standing}; it needs one for {Asked}: {GrantCheck.HowToAsk(Host)}", last is { Why: GrantLoss.Over, AtEnd: AtEnd.KeepRunning });
    }

    private ImmutableArray<string> WhyNot(JobGrant grant, DateTimeOffset now) =>
        [.. GrantCheck.WhyNot(grant.Document, grant.Document.PrivilegedJob!.Content, PrivilegeSet.Of(grant.Content), Host, now)];

    // The assignment's digest is over the process and the job's files; the other processes of the content do not change what this one is.
    private static bool IsOf(JobSpec content, Assignment assignment) =>
        content.Id == assignment.Process.Job && content.Find(assignment.Process.Name) is { } process && JobDigest.Of(content, process) == assignment.Digest;
}
