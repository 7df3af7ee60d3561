using System.Runtime.CompilerServices;
using System.Text.Json;
using Fleet.Ledger;
using Microsoft.Data.Sqlite;

namespace Fleet.Host.Audit;

/// <summary>
/// Reads the journal by plain SQL, read-only, in batches along <c>ordering</c>. Thread-safe: each read has a connection of its own. What it shows is on disk.
/// </summary>
/// <param name="file">The journal; where there is none yet, the record is empty.</param>
/// <param name="poll">How often a follower looks for new rows.</param>
public sealed class SqliteAuditLog(string file, TimeProvider time, TimeSpan poll) : IAuditLog
{
    private const int Batch = 500;

    private const string Sql = """
        SELECT ordering, persistence_id, sequence_number, message FROM journal
        WHERE ordering > $after ORDER BY ordering LIMIT $batch
        """;

    public SqliteAuditLog(string file)
        : this(file, TimeProvider.System, TimeSpan.FromMilliseconds(250))
    {
    }

    public async IAsyncEnumerable<AuditEntry> Read(AuditQuery query, bool follow, [EnumeratorCancellation] CancellationToken cancel)
    {
        for (long after = 0; ;)
        {
            var rows = Next(after);
            foreach (var row in rows)
            {
                after = row.Ordering;
                cancel.ThrowIfCancellationRequested();
                if (Decode(row) is var entry && query.Matches(entry.Recorded.Envelope))
                {
                    yield return entry;
                }
            }

            if (rows.Count == Batch)
            {
                continue;
            }

            if (!follow)
            {
                yield break;
            }

            await Task.Delay(poll, time, cancel);
        }
    }

    // A connection per batch: nothing stays open while a slow reader is written to, so that the journal's WAL can be checkpointed.
    private List<Row> Next(long after)
    {
        if (!File.Exists(file))
        {
            return [];
        }

        using var connection = new SqliteConnection($"Data Source={file};Mode=ReadOnly;Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'journal'";
        if (command.ExecuteScalar() is 0L)
        {
            return [];
        }

        command.CommandText = Sql;
        command.Parameters.AddWithValue("$after", after);
        command.Parameters.AddWithValue("$batch", Batch);
        using var reader = command.ExecuteReader();
        var rows = new List<Row>();
        while (reader.Read())
        {
            rows.Add(new Row(reader.GetInt64(0), reader.GetString(1), reader.GetInt64(2), reader.IsDBNull(3) ? [] : reader.GetFieldValue<byte[]>(3)));
        }

        return rows;
    }

    private static AuditEntry Decode(Row row)
    {
        try
        {
            var recorded = EventCatalog.Read(row.Message);
            return recorded.Envelope.Stream == row.Stream && recorded.Envelope.Sequence == row.Sequence
                ? new AuditEntry(row.Ordering, recorded)
                : throw new JsonException($"its envelope says stream {recorded.Envelope.Stream}, sequence {recorded.Envelope.Sequence}");
        }
        catch (Exception e) when (e is JsonException or FormatException or NotSupportedException)
        {
            throw new CorruptRowException(row.Ordering, row.Stream, row.Sequence, e);
        }
    }

    private sealed record Row(long Ordering, string Stream, long Sequence, byte[] Message);
}
