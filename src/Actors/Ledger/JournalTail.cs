using Microsoft.Data.Sqlite;

namespace Fleet.Actors.Ledger;

/// <summary>
/// Finds rows that were taken out of a ledger. A stream's own recovery sees a hole in it, but not that its newest rows are gone: what is left reads
/// well. SQLite gives each row the next number of the whole journal and takes none back but with its transaction (measured: a statement or a savepoint
/// that fails leaves no gap), so a number without a row is a row removed. Read once, before the agent recovers.
/// </summary>
public static class JournalTail
{
    private const int MostNamed = 10;

    /// <returns>What is missing, in words; null: nothing is.</returns>
    /// <exception cref="SqliteException">A file cannot be read.</exception>
    public static string? FirstLoss(string journal, string snapshots)
    {
        using var rows = Open(journal);
        using var states = Open(snapshots);
        return GoneAtTheEnd(rows) ?? GoneBefore(rows) ?? SnapshotsAhead(rows, states);
    }

    private static string? GoneAtTheEnd(SqliteConnection journal)
    {
        var last = Number(journal, "SELECT ifnull(max(ordering), 0) FROM journal");
        var given = Number(journal, "SELECT ifnull(max(seq), 0) FROM sqlite_sequence WHERE name = 'journal'");
        return given > last ? $"{Rows(last + 1, given)} at the end; the last that is left is {Name(journal, last)}" : null;
    }

    // Counting walks the smallest index; the rows themselves are read only where one is missing.
    private static string? GoneBefore(SqliteConnection journal)
    {
        if (Number(journal, "SELECT ifnull(max(ordering), 0) - count(*) FROM journal") == 0)
        {
            return null;
        }

        var before = Number(journal, """
            SELECT CASE WHEN EXISTS (SELECT 1 FROM journal WHERE ordering = 1) THEN
              (SELECT min(ordering) FROM journal j WHERE NOT EXISTS (SELECT 1 FROM journal n WHERE n.ordering = j.ordering + 1)) ELSE 0 END
            """);
        var after = Number(journal, $"SELECT min(ordering) FROM journal WHERE ordering > {before}");
        return $"{Rows(before + 1, after - 1)} between {Name(journal, before)} and {Name(journal, after)}";
    }

    private static string? SnapshotsAhead(SqliteConnection journal, SqliteConnection snapshots)
    {
        var ahead = new List<string>();
        foreach (var (stream, at) in Snapshots(snapshots))
        {
            var last = Number(journal, "SELECT ifnull(max(sequence_number), 0) FROM journal WHERE persistence_id = $name", stream);
            if (at > last)
            {
                ahead.Add($"{stream} has a snapshot at number {at} and its last row is number {last}");
            }
        }

        return ahead.Count == 0 ? null : string.Join("; ", ahead.Take(MostNamed)) + (ahead.Count > MostNamed ? $"; and {ahead.Count - MostNamed} more streams" : "");
    }

    private static List<(string Stream, long At)> Snapshots(SqliteConnection snapshots)
    {
        var found = new List<(string, long)>();
        using var query = Query(snapshots, "SELECT persistence_id, max(sequence_number) FROM snapshot GROUP BY persistence_id ORDER BY persistence_id");
        using var rows = query.ExecuteReader();
        while (rows.Read())
        {
            found.Add((rows.GetString(0), rows.GetInt64(1)));
        }

        return found;
    }

    private static string Rows(long from, long to) => from == to ? $"row {from} is gone" : $"rows {from} to {to} are gone";

    private static string Name(SqliteConnection journal, long ordering)
    {
        using var query = Query(journal, $"SELECT persistence_id, sequence_number FROM journal WHERE ordering = {ordering}");
        using var rows = query.ExecuteReader();
        return rows.Read() ? $"row {ordering} ({rows.GetString(0)} number {rows.GetInt64(1)})" : "the beginning";
    }

    private static long Number(SqliteConnection file, string sql, string? name = null)
    {
        using var query = Query(file, sql);
        if (name is not null)
        {
            query.Parameters.AddWithValue("$name", name);
        }

        return (long)query.ExecuteScalar()!;
    }

    private static SqliteCommand Query(SqliteConnection file, string sql)
    {
        var query = file.CreateCommand();
        query.CommandText = sql;
        return query;
    }

    private static SqliteConnection Open(string file)
    {
        var connection = new SqliteConnection(SqliteJournal.ConnectionString(file));
        connection.Open();
        return connection;
    }
}
