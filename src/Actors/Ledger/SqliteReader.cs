using Microsoft.Data.Sqlite;

namespace Fleet.Actors.Ledger;

/// <summary>Reads a ledger's file beside its one writer; away from the caller's thread, for SQLite's driver is synchronous.</summary>
internal sealed class SqliteReader(string file)
{
    /// <exception cref="SqliteException">The file cannot be read.</exception>
    public Task Each(Statement query, Action<SqliteDataReader> row) => Task.Run(() =>
    {
        using var connection = new SqliteConnection(SqliteJournal.ConnectionString(file));
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = query.Sql;
        command.Parameters.AddRange(query.Values.Select((value, i) => new SqliteParameter($"?{i + 1}", value)));
        using var rows = command.ExecuteReader();
        while (rows.Read())
        {
            row(rows);
        }
    });
}
