using Fleet.Ledger;

namespace Fleet.RootTasks;

/// <summary>What a host's root log says, taken into the ledger: its own words, so that neither the agent nor the host can tell another story later.</summary>
public abstract record RootTaskEvent : FleetEvent
{
    private RootTaskEvent()
    {
    }

    /// <param name="Line">The exact line of the root log, without its line feed.</param>
    /// <param name="Reported">False: the log says that a use was begun, and the fleet has not begun it.</param>
    [StoredName("roottask.logged.v1")]
    public sealed record Logged(string Host, long Number, string Line, bool Reported) : RootTaskEvent;

    /// <summary>The root log does not continue what the ledger has of it: lines were changed, taken out or dropped, or it was begun anew.</summary>
    /// <param name="Number">Of the last entry that was as it should be.</param>
    [StoredName("roottask.log_broken.v1")]
    public sealed record LogBroken(string Host, long Number, string Why) : RootTaskEvent;
}
