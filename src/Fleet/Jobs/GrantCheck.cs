using System.Collections.Immutable;
using Fleet.Privileges;

namespace Fleet.Jobs;

/// <summary>
/// Whether a job may run without a grant: it may if no process asks for more than the baseline. Default deny: what is not covered is refused.
/// </summary>
public static class GrantCheck
{
    /// <summary>What each process asks that nothing covers; processes of the baseline are not among them.</summary>
    public static ImmutableArray<MissingPrivileges> Missing(JobSpec spec) =>
    [
        .. spec.Processes
            .Select(p => new MissingPrivileges(p.Name, PrivilegeSet.Baseline.Missing(PrivilegeSet.Of(spec.Id, p))))
            .Where(m => !m.Privileges.IsBaseline),
    ];

    /// <summary>Null: the job may run.</summary>
    public static Refusal? Check(JobSpec spec)
    {
        var missing = Missing(spec);
        return missing.IsEmpty
            ? null
            : new Refusal(
                RefusalCode.Denied,
                $"job '{spec.Id}' needs a grant: {Count(missing.Length)} more than the baseline; take the privileges below out of the job, or get them granted",
                [.. missing.Select(m => new Mistake($"processes.{m.Process}", $"needs a grant: {m.Privileges}"))]);
    }

    private static string Count(int processes) => processes == 1 ? "1 process asks for" : $"{processes} processes ask for";
}

/// <param name="Privileges">Never the baseline.</param>
public sealed record MissingPrivileges(string Process, PrivilegeSet Privileges);
