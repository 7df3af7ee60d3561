using Akka.Configuration;
using Akka.Persistence;
using Akka.Persistence.Snapshot;

namespace Fleet.Actors.Ledger;

/// <summary>Akka's snapshot store over one SQLite table: a cache of what the journal says, in a file of its own that may be deleted while the agent is stopped.</summary>
internal sealed class SnapshotFile(Config config) : SnapshotStore
{
    internal const string Table = """
        CREATE TABLE snapshot(
            persistence_id TEXT NOT NULL,
            sequence_number INTEGER NOT NULL,
            created INTEGER NOT NULL,
            manifest TEXT NOT NULL,
            identifier INTEGER NOT NULL,
            snapshot BLOB NOT NULL,
            PRIMARY KEY(persistence_id, sequence_number))
        """;

    private const string Matching = "persistence_id = ?1 AND sequence_number BETWEEN ?2 AND ?3 AND created BETWEEN ?4 AND ?5";

    private readonly StoredForm form = new(Context.System);
    private readonly SqliteReader reader = new(config.GetString("file"));
    private readonly SqliteWriter writer = new(config.GetString("file"));

    protected override async Task<SelectedSnapshot> LoadAsync(string persistenceId, SnapshotSelectionCriteria criteria, CancellationToken cancellationToken)
    {
        SelectedSnapshot? found = null;
        var newest = $"SELECT sequence_number, created, manifest, identifier, snapshot FROM snapshot WHERE {Matching} ORDER BY sequence_number DESC LIMIT 1";
        await reader.Each(
            Select(newest, persistenceId, criteria),
            row => found = new SelectedSnapshot(
                new SnapshotMetadata(persistenceId, row.GetInt64(0), new DateTime(row.GetInt64(1), DateTimeKind.Utc)),
                form.Read(row.GetFieldValue<byte[]>(4), row.GetInt32(3), row.GetString(2))));
        return found!; // Akka's word for none is null.
    }

    protected override Task SaveAsync(SnapshotMetadata metadata, object snapshot, CancellationToken cancellationToken)
    {
        var (bytes, id, manifest) = form.Write(snapshot);
        return writer.Execute(
            [new Statement("INSERT OR REPLACE INTO snapshot VALUES(?1, ?2, ?3, ?4, ?5, ?6)", metadata.PersistenceId, metadata.SequenceNr, metadata.Timestamp.Ticks, manifest, id, bytes)]);
    }

    protected override Task DeleteAsync(SnapshotMetadata metadata, CancellationToken cancellationToken) =>
        writer.Execute([new Statement("DELETE FROM snapshot WHERE persistence_id = ?1 AND sequence_number = ?2", metadata.PersistenceId, metadata.SequenceNr)]);

    protected override Task DeleteAsync(string persistenceId, SnapshotSelectionCriteria criteria, CancellationToken cancellationToken) =>
        writer.Execute([Select($"DELETE FROM snapshot WHERE {Matching}", persistenceId, criteria)]);

    protected override void PostStop()
    {
        writer.Close();
        base.PostStop();
    }

    private static Statement Select(string sql, string persistenceId, SnapshotSelectionCriteria criteria) => new(
        sql, persistenceId, criteria.MinSequenceNr, criteria.MaxSequenceNr, (criteria.MinTimestamp ?? DateTime.MinValue).Ticks, criteria.MaxTimeStamp.Ticks);
}
