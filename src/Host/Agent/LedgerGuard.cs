using Fleet.Actors.Ledger;
using Microsoft.Data.Sqlite;

namespace Fleet.Host.Agent;

/// <summary>
/// Refuses, before anything is recovered, a ledger that is not what this agent last wrote. The ledger alone says which jobs there are: an agent that
/// believed a wrong one would end what runs, deal its sub-ids anew, and remove the secrets that no job seems to name.
/// </summary>
internal static class LedgerGuard
{
    /// <returns>The settings, with the name under which the ledger knows this host, whatever the machine is called by now, unless it was given one.</returns>
    /// <exception cref="IOException">It has lost rows, is another host's, or is empty where jobs have been; the message says the way out.</exception>
    public static AgentSettings Check(AgentSettings settings)
    {
        if (Lost(settings) is { } loss)
        {
            throw new IOException($"the ledger has lost what was in it, and the agent does not guess: {loss}. The jobs go on. Restore {settings.Paths.Ledger} from a backup, whole");
        }

        if (settings.IsHost && JournalOwner.IsEmpty(settings.Paths.Journal) && Remains(settings).FirstOrDefault() is { } remains)
        {
            throw new IOException(
                $"the ledger {settings.Paths.Journal} is empty, and {remains} is of jobs that only a ledger can name. The jobs go on. Restore {settings.Paths.Ledger} from a backup, whole; "
                + $"or, to begin anew without those jobs, end what runs of them (a reboot does) and remove {settings.Paths.Sandboxes} and {settings.Paths.Contents}");
        }

        var hosts = JournalOwner.Hosts(settings.Paths.Journal);
        if (!settings.IsHost || hosts.Count == 0 || hosts.Contains(settings.HostName))
        {
            return settings;
        }

        if (!settings.IsNamed && hosts is [var known])
        {
            return settings with { HostName = known };
        }

        throw new IOException(
            $"the ledger {settings.Paths.Journal} is that of host '{string.Join("' and '", hosts)}', and this agent is of host '{settings.HostName}', which would know none "
            + $"of its jobs. The jobs go on. Set fleet.host-name = \"{hosts[^1]}\"{(hosts.Count == 1 ? ", or leave it out" : "")}");
    }

    private static string? Lost(AgentSettings settings)
    {
        try
        {
            return JournalTail.FirstLoss(settings.Paths.Journal, settings.Paths.Snapshots);
        }
        catch (SqliteException e)
        {
            return e.Message;
        }
    }

    // The agent's first event is on disk before any of these is made.
    private static IEnumerable<string> Remains(AgentSettings settings) =>
        new[] { settings.Paths.Sandboxes, settings.Paths.Contents }.Where(Directory.Exists).SelectMany(Directory.EnumerateFileSystemEntries);
}
