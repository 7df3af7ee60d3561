using Akka.Actor;
using Akka.Configuration;
using Fleet.Actors;
using Fleet.Actors.Ledger;
using Microsoft.Data.Sqlite;

namespace Fleet.Bench.Journal;

/// <summary>A journal of the bench's own, gone afterwards.</summary>
internal sealed class BenchFolder : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("fleet-bench-").FullName;

    public SqliteJournal Journal => SqliteJournal.Open($"{folder}/journal.db", $"{folder}/snapshots.db");

    public ActorSystem Start() => FleetActors.CreateSystem(Journal, ConfigurationFactory.ParseString("akka { loglevel = ERROR, stdout-loglevel = ERROR }"));

    public long Events()
    {
        using var connection = new SqliteConnection(SqliteJournal.ConnectionString($"{folder}/journal.db"));
        connection.Open();
        using var count = connection.CreateCommand();
        count.CommandText = "SELECT count(*) FROM journal";
        return (long)count.ExecuteScalar()!;
    }

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        Directory.Delete(folder, recursive: true);
    }
}
