using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace Fleet.RootTasks;

/// <summary>A line of a root log for people.</summary>
public static class RootLogText
{
    /// <param name="line">As it stands there; one that is no entry is shown as it is.</param>
    public static string Of(string line)
    {
        try
        {
            return Of(RootLogEntry.Read(Encoding.UTF8.GetBytes(line)));
        }
        catch (JsonException)
        {
            return line;
        }
    }

    private static string Of(RootLogEntry entry) => entry.What switch
    {
        RootAct.Denied => $"denied{What(entry)} ({EnumText.Of(entry.Denial ?? RootDenial.CannotRun)}): {entry.Detail}",
        RootAct.Starting => $"starting{What(entry)}, signed by {Signers(entry)}",
        RootAct.Ended => $"ended{What(entry)} with {entry.ExitCode} ({(entry.How is { } how ? EnumText.Of(how) : "?")})",
        RootAct.Lost => $"lost{What(entry)}: {entry.Detail}",
        RootAct.Revoked => $"revoked{What(entry)} by {Signers(entry)}: {entry.Detail}",
        RootAct.Omitted => $"left out: {entry.Detail}",
        RootAct.PolicyChanged => $"the policy or the keys were changed, now {entry.Policy?.Short}",
        _ => throw new UnreachableException($"no text for {entry.What}"),
    };

    private static string What(RootLogEntry entry) => (entry.Use, entry.Grant) switch
    {
        (null, { } grant) when entry is { Run: { } run, Process: { } process } => $" {process} ({run}) by {grant}",
        ({ } use, { } grant) => $" use {use} of {grant}",
        (null, { } grant) => $" {grant}",
        _ => "",
    };

    private static string Signers(RootLogEntry entry) => string.Join(" and ", entry.Signers.Select(signer => signer.Split(' ')[0]).DefaultIfEmpty("nobody"));
}
