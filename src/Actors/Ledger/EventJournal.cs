using System.Collections.Concurrent;
using System.Collections.Immutable;
using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence;
using Akka.Persistence.Journal;
using Microsoft.Data.Sqlite;

namespace Fleet.Actors.Ledger;

/// <summary>
/// Akka's journal over one SQLite table (docs/decisions/0008). Rows are only ever added: <c>ordering</c> is dense over the whole file and
/// <c>(persistence_id, sequence_number)</c> unique, so that two writers of a stream can not both succeed.
/// </summary>
internal sealed class EventJournal(Config config) : AsyncWriteJournal
{
    internal const string Table = """
        CREATE TABLE journal(
            ordering INTEGER PRIMARY KEY AUTOINCREMENT,
            persistence_id TEXT NOT NULL,
            sequence_number INTEGER NOT NULL,
            manifest TEXT NOT NULL,
            identifier INTEGER NOT NULL,
            message BLOB NOT NULL,
            UNIQUE(persistence_id, sequence_number))
        """;

    private const string Insert = "INSERT INTO journal(persistence_id, sequence_number, manifest, identifier, message) VALUES(?1, ?2, ?3, ?4, ?5)";

    private const string Stream = """
        SELECT sequence_number, manifest, identifier, message FROM journal
        WHERE persistence_id = ?1 AND sequence_number BETWEEN ?2 AND ?3 ORDER BY sequence_number LIMIT ?4
        """;

    private const string Highest = "SELECT ifnull(max(sequence_number), 0) FROM journal WHERE persistence_id = ?1";

    private readonly StoredForm form = new(Context.System);
    private readonly SqliteReader reader = new(config.GetString("file"));
    private readonly SqliteWriter writer = new(config.GetString("file"));
    private readonly ConcurrentDictionary<string, Task> outstanding = [];

    public override Task ReplayMessagesAsync(
        IActorContext context, string persistenceId, long fromSequenceNr, long toSequenceNr, long max, Action<IPersistentRepresentation> recoveryCallback) =>
        reader.Each(
            new Statement(Stream, persistenceId, fromSequenceNr, toSequenceNr, max),
            row => recoveryCallback(
                new Persistent(form.Read(row.GetFieldValue<byte[]>(3), row.GetInt32(2), row.GetString(1)), row.GetInt64(0), persistenceId)));

    public override async Task<long> ReadHighestSequenceNrAsync(string persistenceId, long fromSequenceNr, CancellationToken cancellationToken)
    {
        // Akka stops waiting for a write after call-timeout, but a disk that stalls may yet write it. Who then recovers has to read it, or it would use
        // the same numbers again. The wait itself ends with this call's timeout: the actor's parent lets it recover once more.
        if (outstanding.TryGetValue(persistenceId, out var write))
        {
            await Task.WhenAny(write).WaitAsync(cancellationToken);
        }

        var highest = 0L;
        await reader.Each(new Statement(Highest, persistenceId), row => highest = row.GetInt64(0));
        return highest;
    }

    protected override async Task<IImmutableList<Exception>> WriteMessagesAsync(IEnumerable<AtomicWrite> messages, CancellationToken cancellationToken)
    {
        var writes = messages.ToList();
        var rows = from write in writes from one in (IImmutableList<IPersistentRepresentation>)write.Payload select Row(one);
        var written = writer.Execute([.. rows], cancellationToken);
        writes.ForEach(write => outstanding[write.PersistenceId] = written);
        try
        {
            await written;
            return null!; // In Akka's words: none was rejected.
        }
        finally
        {
            writes.ForEach(write => outstanding.TryRemove(new(write.PersistenceId, written)));
        }
    }

    protected override Task DeleteMessagesToAsync(string persistenceId, long toSequenceNr, CancellationToken cancellationToken) =>
        throw new NotSupportedException("a ledger forgets nothing");

    protected override void PostStop()
    {
        writer.Close();
        base.PostStop();
    }

    private Statement Row(IPersistentRepresentation one)
    {
        var (bytes, id, manifest) = form.Write(one.Payload);
        return new Statement(Insert, one.PersistenceId, one.SequenceNr, manifest, id, bytes);
    }
}
