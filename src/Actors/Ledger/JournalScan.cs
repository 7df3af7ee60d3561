using System.Text.Json;
using Fleet.Ledger;
using Microsoft.Data.Sqlite;

namespace Fleet.Actors.Ledger;

/// <summary>Finds the row that a stream's recovery stumbled over, so that the refusal can name it.</summary>
public static class JournalScan
{
    /// <returns>The first row of the stream that cannot be read, in words; null: all can.</returns>
    public static string? FirstUnreadable(string journal, string stream)
    {
        using var connection = new SqliteConnection(SqliteJournal.ConnectionString(journal));
        connection.Open();
        using var query = connection.CreateCommand();
        query.CommandText = "SELECT ordering, sequence_number, manifest, message FROM journal WHERE persistence_id = $stream ORDER BY sequence_number";
        query.Parameters.AddWithValue("$stream", stream);
        using var rows = query.ExecuteReader();
        while (rows.Read())
        {
            try
            {
                EventCatalog.Read(rows.GetFieldValue<byte[]>(3));
            }
            catch (Exception e) when (e is JsonException or FormatException or NotSupportedException or InvalidCastException)
            {
                return $"row {rows.GetInt64(0)} ({stream} number {rows.GetInt64(1)}, {rows.GetString(2)}): {e.Message}";
            }
        }

        return null;
    }
}
