using System.Collections.Immutable;
using Fleet.Grants;

namespace Fleet.RootTasks;

/// <summary>What the root log tells of a use that the agent did not hear the end of, for it was ended itself: the receipt is gone with the connection, the log is not.</summary>
public static class RootOutcome
{
    /// <param name="entry">The end of a use, or that it was lost or denied.</param>
    public static UseOutcome Of(RootLogEntry entry) => entry switch
    {
        { What: RootAct.Denied, Denial: { } code } => new UseOutcome.Refused(code, entry.Detail ?? ""),
        { What: RootAct.Ended, How: { } how } => Lost(entry, $"it ended with {entry.ExitCode} ({EnumText.Of(how)})"),
        _ => Lost(entry, entry.Detail ?? "its end is not known"),
    };

    /// <summary>Whether an entry is of this use; one that was denied before anybody read the grant knows its bytes alone.</summary>
    public static bool IsOf(RootLogEntry entry, Grant.Asked asked, GrantUse use) =>
        entry.Use == use.Number && (entry.Grant == asked.Document.Id || (entry.Grant is null && entry.Document == Digest.Of(asked.Text)));

    /// <summary>
    /// Of a use that was begun and has no answer. Only where the log is all that there is, and nobody speaks with the helper: what was sent may still wait to be
    /// read. The helper burns a use one step before it writes that down; where it was killed just then, it says of a use that is refused here that it is taken,
    /// when it is asked for again.
    /// </summary>
    /// <param name="entries">Those of the use, of the whole log.</param>
    /// <param name="number">Of the last entry of that log.</param>
    /// <returns>Null: it was started and has no end yet.</returns>
    public static UseOutcome? OfUnheard(ImmutableArray<RootLogEntry> entries, long number, GrantUse use)
    {
        if (entries.LastOrDefault(e => e.What is RootAct.Ended or RootAct.Lost) is { } end)
        {
            return Of(end);
        }

        // One from before it was begun this time is of an earlier asking; burnt it is for ever.
        var denied = entries.LastOrDefault(e => e.What == RootAct.Denied && (e.At >= use.Begun || e.Denial == RootDenial.UseTaken));
        return (entries.Any(e => e.What == RootAct.Starting), denied) switch
        {
            (true, _) => null,
            (_, not null) => Of(denied),
            _ => new UseOutcome.Refused(RootDenial.CannotRun, $"it never reached the host: the agent was ended before, and the root log to its entry {number} has nothing of it, but perhaps among the refusals that it left out"),
        };
    }

    private static UseOutcome.Lost Lost(RootLogEntry entry, string how) => new($"the agent was ended before it heard; entry {entry.Number} of the root log: {how}");
}
