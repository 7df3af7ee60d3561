using System.Diagnostics;
using Fleet.RootTasks;

namespace Fleet.Grants;

/// <summary>Decides about the uses of a grant that may be used: the part of <see cref="GrantDecider"/> that looks at one host.</summary>
internal static class GrantUseDecider
{
    /// <param name="before">What becomes of the grant itself first.</param>
    public static Decision<GrantEvent> Begin(Grant.Asked asked, string host, params ReadOnlySpan<GrantEvent> before)
    {
        var next = GrantUses.Next(asked.Uses, host);
        return asked.Document switch
        {
            { Hosts.Names: { IsEmpty: false } names } when !names.Contains(host) => Elsewhere(asked, host),
            { RootTask.UsesPerHost: var uses } when next > uses => Spent(asked, host),
            _ => Decision<GrantEvent>.Of([.. before, new GrantEvent.UseBegun(host, next)]),
        };
    }

    /// <summary>Of a grant that this host has used as often as it says.</summary>
    public static Decision<GrantEvent> Spent(Grant.Asked asked, string host) => asked.Document switch
    {
        { Hosts.Names: { IsEmpty: false } names } when !names.Contains(host) => Elsewhere(asked, host),
        { RootTask.UsesPerHost: var uses } => Refuse(RefusalCode.Conflict, $"{host} has used it {uses} {(uses == 1 ? "time" : "times")}, as often as it says; ask for another"),
        var document => throw new UnreachableException($"{document.Id} is for a job, and has no uses to spend"),
    };

    public static Decision<GrantEvent> Report(Grant.Asked asked, GrantCommand.Report report) => GrantUses.Find(asked.Uses, report.Host, report.Number) switch
    {
        null => Refuse(RefusalCode.NotFound, $"use {report.Number} on {report.Host} was not begun by the fleet"),
        { State: UseState.Begun } => Decision<GrantEvent>.Of(EventOf(report)),
        { State: UseState.Lost } when report.Outcome is UseOutcome.Ended => Decision<GrantEvent>.Of(EventOf(report)),
        _ => Decision<GrantEvent>.Nothing,
    };

    private static Decision<GrantEvent> Elsewhere(Grant.Asked asked, string host) => Refuse(RefusalCode.NotFound, $"the grant is not for {host} but for {asked.Document.Hosts}");

    private static GrantEvent EventOf(GrantCommand.Report report) => report.Outcome switch
    {
        UseOutcome.Ended o => new GrantEvent.UseEnded(report.Host, report.Number, o.ExitCode, o.How, o.Receipt, o.Signature),
        UseOutcome.Refused o => new GrantEvent.UseRefused(report.Host, report.Number, o.Code, o.Detail),
        UseOutcome.Lost o => new GrantEvent.UseLost(report.Host, report.Number, o.Why),
        _ => throw new UnreachableException($"{report.Outcome.GetType()} is not an outcome"),
    };

    private static Decision<GrantEvent> Refuse(RefusalCode code, string message) => Decision<GrantEvent>.Refuse(code, message);
}
