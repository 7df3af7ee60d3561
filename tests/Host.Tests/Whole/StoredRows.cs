using Microsoft.Data.Sqlite;

namespace Fleet.Host.Tests.Whole;

/// <summary>The journal's rows as they are on the disk, read beside the agent or without one.</summary>
public sealed record StoredRows(IReadOnlyList<StoredRow> Rows)
{
    public static StoredRows Of(WholeHost host)
    {
        using var connection = new SqliteConnection($"Data Source={host.Paths.Journal};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT ordering, persistence_id, sequence_number, manifest, CAST(message AS TEXT) FROM journal ORDER BY ordering";
        using var rows = command.ExecuteReader();
        var all = new List<StoredRow>();
        while (rows.Read())
        {
            all.Add(new StoredRow(rows.GetInt64(0), rows.GetString(1), rows.GetInt64(2), rows.GetString(3), rows.GetString(4)));
        }

        return new StoredRows(all);
    }

    public IReadOnlyList<StoredRow> Stream(string id) => [.. Rows.Where(r => r.Stream == id)];

    /// <summary>A process's, on whatever host.</summary>
    public IReadOnlyList<StoredRow> Process(string id) => [.. Rows.Where(r => r.Stream.StartsWith("process/", StringComparison.Ordinal) && r.Stream.EndsWith($"/{id}", StringComparison.Ordinal))];

    /// <summary>Every stream counts from 1 without a gap, and so does the whole journal.</summary>
    public void AssertDense()
    {
        Assert.Equal(Enumerable.Range(1, Rows.Count).Select(n => (long)n), Rows.Select(r => r.Ordering));
        Assert.All(Rows.GroupBy(r => r.Stream), stream => Assert.Equal(Enumerable.Range(1, stream.Count()).Select(n => (long)n), stream.Select(r => r.Sequence)));
    }
}

public sealed record StoredRow(long Ordering, string Stream, long Sequence, string Name, string Text);
