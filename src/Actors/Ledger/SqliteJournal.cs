using Akka.Configuration;
using Fleet.Grants;
using Fleet.Jobs;
using Fleet.Processes;
using Fleet.Sandboxes;
using Microsoft.Data.Sqlite;

namespace Fleet.Actors.Ledger;

/// <summary>The embedded ledger: a journal and its snapshots, each an SQLite file in WAL with synchronous=FULL.</summary>
public sealed class SqliteJournal : IJobIndex, IGrantIndex, IRunIndex
{
    // Of the tables; in the files' user_version.
    private const long Layout = 1;

    // SQLITE_IOERR, SQLITE_CORRUPT and SQLITE_NOTADB (sqlite.org/rescode.html).
    internal const int DiskError = 10;
    private const int Corrupt = 11;
    private const int NotADatabase = 26;

    private readonly string journal;
    private readonly string snapshots;

    private SqliteJournal(string journal, string snapshots) => (this.journal, this.snapshots) = (journal, snapshots);

    /// <summary>Akka's configuration for the two plugins and for what they store.</summary>
    public Config Config => ConfigurationFactory.ParseString($$"""
        akka.persistence {
          journal {
            plugin = "akka.persistence.journal.fleet"
            fleet {
              class = "{{NameOf<EventJournal>()}}"
              file = {{Hocon.Quoted(journal)}}
              circuit-breaker.call-timeout = 30s # An open one stops actors.
              replay-filter.mode = off # Two writers of a stream cannot be, and EventSourced checks each row.
            }
          }
          snapshot-store {
            plugin = "akka.persistence.snapshot-store.fleet"
            fleet {
              class = "{{NameOf<SnapshotFile>()}}"
              file = {{Hocon.Quoted(snapshots)}}
            }
          }
        }
        akka.actor {
          serializers.fleet = "{{NameOf<EventSerializer>()}}"
          serialization-bindings {
            "Fleet.Ledger.Recorded, Fleet.Domain" = fleet
            "Fleet.Jobs.Job, Fleet.Domain" = fleet
            "Fleet.Hosts.HostSnapshot, Fleet.Domain" = fleet
            "Fleet.Processes.ProcessState, Fleet.Domain" = fleet
          }
        }
        """);

    public static string ConnectionString(string file, bool pooled = true) => new SqliteConnectionStringBuilder { DataSource = file, Pooling = pooled }.ToString();

    /// <summary>
    /// Opens both files, which are made where they are not, and tries that they and the folder of their write-ahead logs can be written: an agent that
    /// could record nothing does not even start.
    /// </summary>
    /// <exception cref="IOException">One cannot be written, is no database, or has another layout; the message names it.</exception>
    public static SqliteJournal Open(string journal, string snapshots)
    {
        Require(journal, EventJournal.Table);
        Require(snapshots, SnapshotFile.Table);
        return new SqliteJournal(journal, snapshots);
    }

    /// <exception cref="SqliteException">The journal cannot be read.</exception>
    public Task<IReadOnlyList<JobId>> Jobs() => Named(Streams.JobPrefix, Streams.JobOf);

    /// <exception cref="SqliteException">The journal cannot be read.</exception>
    public Task<IReadOnlyList<GrantId>> Grants() => Named(Streams.GrantPrefix, Streams.GrantOf);

    /// <exception cref="SqliteException">The journal cannot be read.</exception>
    public async Task<bool> HasBegun(string host, ProcessId process, RunId run)
    {
        var found = false;
        await new SqliteReader(journal).Each(
            new Statement(
                "SELECT 1 FROM journal WHERE persistence_id = ?1 AND instr(message, ?2) > 0 LIMIT 1", Streams.Process(host, process), System.Text.Encoding.ASCII.GetBytes($"\"{run}\"")),
            _ => found = true);
        return found;
    }

    private async Task<IReadOnlyList<T>> Named<T>(string prefix, Func<string, T?> nameOf)
        where T : struct
    {
        // By the index: '0' is the character after '/'.
        var found = new List<T>();
        await new SqliteReader(journal).Each(
            new Statement("SELECT DISTINCT persistence_id FROM journal WHERE persistence_id >= ?1 AND persistence_id < ?2", prefix, $"{prefix[..^1]}0"),
            row => found.Add(nameOf(row.GetString(0)) ?? throw new InvalidDataException($"the journal has a stream '{row.GetString(0)}' that is none of {prefix}")));
        return found;
    }

    /// <summary>A connection of its own, with which to write.</summary>
    /// <exception cref="SqliteException">It is no database, or cannot be written.</exception>
    internal static SqliteConnection OpenToWrite(string file)
    {
        var connection = new SqliteConnection(ConnectionString(file, pooled: false));
        try
        {
            connection.Open();
            Execute(connection, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA busy_timeout=10000; PRAGMA temp_store=MEMORY");
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private static void Require(string file, string table)
    {
        long layout;
        try
        {
            // Not by SQLite alone, which quietly opens for reading what it may not write.
            File.Open(file, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite).Dispose();
            File.Create($"{file}.probe", 1, FileOptions.DeleteOnClose).Dispose();
            using var connection = OpenToWrite(file);
            layout = LayoutOf(connection, table);
        }
        catch (SqliteException e) when (e.SqliteErrorCode is Corrupt or NotADatabase)
        {
            throw new IOException($"the ledger {file} cannot be read: {e.Message}; restore its folder from a backup, whole", e);
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
        {
            throw new IOException($"the ledger {file} cannot be written: {e.Message}; see who owns the file and its folder, and whether the disk is full", e);
        }

        if (layout != Layout)
        {
            throw new IOException(
                $"the ledger {file} was written by another version of Fleet: its tables have layout {layout}, and this one knows layout {Layout}; there is no " +
                "converter: run the Fleet that wrote it; or, to begin with an empty ledger, stop the jobs with that one, " +
                $"move {Path.GetDirectoryName(file)} away and run them again from their files");
        }
    }

    private static long LayoutOf(SqliteConnection connection, string table)
    {
        if (Execute(connection, "SELECT count(*) FROM sqlite_master") is 0L)
        {
            Execute(connection, $"BEGIN; {table}; PRAGMA user_version = {Layout}; COMMIT");
        }

        return (long)Execute(connection, "PRAGMA user_version")!;
    }

    private static object? Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }

    private static string NameOf<T>() => $"{typeof(T).FullName}, {typeof(T).Assembly.GetName().Name}";
}
