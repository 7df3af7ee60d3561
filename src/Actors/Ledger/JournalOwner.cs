using Microsoft.Data.Sqlite;

namespace Fleet.Actors.Ledger;

/// <summary>Whose a journal is. An agent that takes up one that is not its own, or none, knows nothing of the jobs that run, and would end them.</summary>
public static class JournalOwner
{
    /// <exception cref="SqliteException">The file cannot be read.</exception>
    public static bool IsEmpty(string journal) => Texts(journal, "SELECT persistence_id FROM journal LIMIT 1").Count == 0;

    /// <summary>The hosts that have written in it.</summary>
    /// <exception cref="SqliteException">The file cannot be read.</exception>
    public static IReadOnlyList<string> Hosts(string journal)
    {
        // By the index: '0' is the character after '/'.
        var from = Streams.Host("");
        var streams = Texts(journal, $"SELECT DISTINCT persistence_id FROM journal WHERE persistence_id > '{from}' AND persistence_id < '{from[..^1]}0'");
        return [.. streams.Select(s => s[from.Length..])];
    }

    private static List<string> Texts(string journal, string sql)
    {
        using var connection = new SqliteConnection(SqliteJournal.ConnectionString(journal));
        connection.Open();
        using var query = connection.CreateCommand();
        query.CommandText = sql;
        using var rows = query.ExecuteReader();
        var found = new List<string>();
        while (rows.Read())
        {
            found.Add(rows.GetString(0));
        }

        return found;
    }
}
