using System.Data.Common;
using Akka.Configuration;
using Akka.Persistence.Sql;
using Akka.Persistence.Sql.Config;
using Fleet.Jobs;
using LinqToDB;
using LinqToDB.Data;
using LinqToDB.Interceptors;
using Microsoft.Data.Sqlite;

namespace Fleet.Actors.Ledger;

/// <summary>The embedded journal and snapshot store: SQLite in WAL with synchronous=FULL, one writer, batches that really batch.</summary>
public sealed class SqliteJournal(string journal, string snapshots) : IJobIndex
{
    public static string ConnectionString(string file) => new SqliteConnectionStringBuilder { DataSource = file, Pooling = true }.ToString();

    /// <summary>Akka's configuration for the plugins; the reasons for the values are measured (docs/decisions/0003-journal.md).</summary>
    public Config Config => ConfigurationFactory.ParseString($$"""
        akka.persistence {
          journal {
            plugin = "akka.persistence.journal.sql"
            sql {
              connection-string = "{{ConnectionString(journal)}}"
              provider-name = "{{ProviderName.SQLiteMS}}"
              auto-initialize = true
              parallelism = 1
              batch-size = 400
              buffer-size = 20000
              tag-write-mode = Csv
              circuit-breaker.call-timeout = 30s
            }
          }
          snapshot-store {
            plugin = "akka.persistence.snapshot-store.sql"
            sql {
              connection-string = "{{ConnectionString(snapshots)}}"
              provider-name = "{{ProviderName.SQLiteMS}}"
              auto-initialize = true
            }
          }
        }
        akka.actor {
          serializers.fleet = "Fleet.Actors.Ledger.EventSerializer, Fleet.Actors"
          serialization-bindings {
            "Fleet.Ledger.Recorded, Fleet.Domain" = fleet
            "Fleet.Jobs.Job, Fleet.Domain" = fleet
            "Fleet.Hosts.HostSnapshot, Fleet.Domain" = fleet
            "Fleet.Processes.ProcessState, Fleet.Domain" = fleet
          }
        }
        """).WithFallback(SqlPersistence.DefaultConfiguration);

    public MultiDataOptionsSetup Options
    {
        get
        {
            var setup = new MultiDataOptionsSetup();
            setup.AddDataOptions("akka.persistence.journal.sql", OptionsOf(journal));
            setup.AddDataOptions("akka.persistence.snapshot-store.sql", OptionsOf(snapshots));
            return setup;
        }
    }

    /// <summary>Tries that both files, and the folder of their write-ahead logs, can be written: an agent that could record nothing does not even start.</summary>
    /// <exception cref="IOException">One cannot be written, or is no database; the message names it.</exception>
    public void RequireWritable()
    {
        foreach (var file in new[] { journal, snapshots })
        {
            try
            {
                // Not by SQLite alone, which quietly opens for reading what it may not write.
                File.Open(file, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite).Dispose();
                File.Create($"{file}.probe", 1, FileOptions.DeleteOnClose).Dispose();
                RequireDatabase(file);
            }
            catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
            {
                throw new IOException($"the ledger {file} cannot be written: {e.Message}; see who owns the file and its folder, and whether the disk is full", e);
            }
        }
    }

    private static void RequireDatabase(string file)
    {
        using var connection = new SqliteConnection(ConnectionString(file));
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA schema_version";
        command.ExecuteScalar();
    }

    /// <exception cref="SqliteException">The journal cannot be read.</exception>
    public async Task<IReadOnlyList<JobId>> Jobs()
    {
        await using var connection = new SqliteConnection(ConnectionString(journal));
        await connection.OpenAsync();
        await using var query = connection.CreateCommand();
        query.CommandText = "SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'journal'";
        if (await query.ExecuteScalarAsync() is null)
        {
            return [];
        }

        query.CommandText = "SELECT DISTINCT persistence_id FROM journal WHERE persistence_id >= 'job/' AND persistence_id < 'job0'";
        var jobs = new List<JobId>();
        await using var rows = await query.ExecuteReaderAsync();
        while (await rows.ReadAsync())
        {
            jobs.Add(Streams.JobOf(rows.GetString(0)) ?? throw new InvalidDataException($"the journal has a stream '{rows.GetString(0)}' that names no job"));
        }

        return jobs;
    }

    private static DataOptions OptionsOf(string file) =>
        new DataOptions().UseConnectionString(ProviderName.SQLiteMS, ConnectionString(file)).UseInterceptor(new Pragmas());

    private sealed class Pragmas : ConnectionInterceptor
    {
        // SQLite's driver is synchronous: without a yield here the plugin never gathers a batch (7x fewer events a second, measured).
        public override async Task ConnectionOpeningAsync(ConnectionEventData eventData, DbConnection connection, CancellationToken cancellationToken) =>
            await Task.Yield();

        public override void ConnectionOpened(ConnectionEventData eventData, DbConnection connection) => Set(connection);

        public override Task ConnectionOpenedAsync(ConnectionEventData eventData, DbConnection connection, CancellationToken cancellationToken)
        {
            Set(connection);
            return Task.CompletedTask;
        }

        private static void Set(DbConnection connection)
        {
            using var pragmas = connection.CreateCommand();
            pragmas.CommandText = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA busy_timeout=10000; PRAGMA temp_store=MEMORY;";
            pragmas.ExecuteNonQuery();
        }
    }
}
