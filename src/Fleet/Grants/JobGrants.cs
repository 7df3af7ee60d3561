using System.Collections.Immutable;
using Fleet.Jobs;

namespace Fleet.Grants;

/// <summary>Which grants for jobs hosts are told of. Pure.</summary>
public static class JobGrants
{
    // A host's clock may be behind control's: a grant that it takes for running must not look revoked to it.
    private static readonly TimeSpan Remembered = TimeSpan.FromDays(1);

    /// <summary>Those that are active, and those that have expired not long ago.</summary>
    public static ImmutableArray<Grant.Asked> Told(IEnumerable<Grant> grants, DateTimeOffset now) =>
    [
        .. grants.Where(grant => grant is Grant.Active or Grant.Ended { How: GrantEnd.Expired })
            .Select(grant => grant.Asking!)
            .Where(asked => asked.Document.PrivilegedJob is not null && now - asked.Document.NotAfter < Remembered),
    ];

    /// <summary>Those for the very content that a job has.</summary>
    public static IEnumerable<JobGrant> For(JobId job, Digest digest, JobSpec content, ImmutableArray<Grant.Asked> told) => told
        .Where(asked => asked.Document.PrivilegedJob is { } wanted && wanted.Job == job && wanted.Content == digest)
        .Select(asked => new JobGrant(asked.Document.Id, asked.Text, asked.By, asked.Approvals, content));
}
