using Fleet.Ledger;
using Fleet.Processes;

namespace Fleet.Host.Audit;

/// <summary>Which events; null means: any.</summary>
/// <param name="Host">The whole name.</param>
/// <param name="Principal">A part of the name, such as <c>alice</c> or <c>uid:1000(</c>.</param>
/// <param name="Job">A job, its processes with it, or one process as <c>JOB:PROCESS</c>.</param>
/// <param name="Kind">A stored name or how it begins, by whole words: <c>process</c>, <c>process.exited</c>.</param>
/// <param name="Since">Observed then or later.</param>
/// <param name="Until">Observed before then.</param>
public sealed record AuditQuery(
    string? Host = null, string? Principal = null, string? Job = null, string? Kind = null, DateTimeOffset? Since = null, DateTimeOffset? Until = null)
{
    public bool Matches(Envelope envelope) =>
        (Host is null || envelope.Host == Host)
        && (Principal is null || envelope.Principal.Name.Contains(Principal, StringComparison.OrdinalIgnoreCase))
        && (Job is null || envelope.Subject == Job || IsProcessOf(envelope.Subject, Job))
        && (Kind is null || envelope.Name == Kind || envelope.Name.StartsWith(Kind + ".", StringComparison.Ordinal))
        && (Since is null || envelope.OccurredAt >= Since)
        && (Until is null || envelope.OccurredAt < Until);

    private static bool IsProcessOf(string subject, string job) => ProcessId.TryParse(subject, out var process) && process.Job.ToString() == job;
}
