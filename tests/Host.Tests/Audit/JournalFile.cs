using Fleet.Actors.Ledger;
using Fleet.Jobs;
using Fleet.Ledger;
using Fleet.Processes;
using Fleet.Sandboxes;
using Microsoft.Data.Sqlite;

namespace Fleet.Host.Tests.Audit;

/// <summary>A journal of the agent's own making, filled by SQL.</summary>
public sealed class JournalFile : IDisposable
{
    private readonly SqliteConnection connection;
    private long ordering;

    public JournalFile(string path)
    {
        _ = SqliteJournal.Open(path, $"{path}.snapshots");
        connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
    }

    public static readonly DateTimeOffset Noon = new(2026, 1, 2, 12, 0, 0, TimeSpan.Zero);

    public static Recorded Stopped(string job, long sequence, DateTimeOffset at, string by = "uid:1000(alice)") =>
        Record($"job-{job}", sequence, job, new JobEvent.Stopped(), at, by);

    public static Recorded Exited(string process, long sequence, DateTimeOffset at) => Record(
        $"process-{process}", sequence, process, new ProcessEvent.Exited(RunId.Parse("run-1"), new SandboxExit(137, true, at)), at, "agent:host-1");

    public void Add(Recorded recorded) => Add(recorded.Envelope.Stream, recorded.Envelope.Sequence, EventCatalog.Write(recorded));

    public void Add(string stream, long sequence, byte[] message)
    {
        using var command = connection.CreateCommand();
        command.CommandText = """
            INSERT INTO journal(ordering, persistence_id, sequence_number, message, manifest, identifier)
            VALUES ($ordering, $stream, $sequence, $message, '', 7301)
            """;
        command.Parameters.AddWithValue("$ordering", ++ordering);
        command.Parameters.AddWithValue("$stream", stream);
        command.Parameters.AddWithValue("$sequence", sequence);
        command.Parameters.AddWithValue("$message", message);
        command.ExecuteNonQuery();
    }

    public void Execute(string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    public void Dispose() => connection.Dispose();

    private static Recorded Record(string stream, long sequence, string subject, FleetEvent @event, DateTimeOffset at, string by) => new(
        new Envelope
        {
            Id = Guid.CreateVersion7(), Name = EventCatalog.NameOf(@event), Stream = stream, Sequence = sequence, OccurredAt = at, RecordedAt = at,
            Principal = new Principal(by, "so_peercred"), Host = "host-1", Subject = subject, Outcome = Outcome.Succeeded, Origin = "unix:1",
            CorrelationId = Guid.Empty, CausationId = Guid.Empty,
        },
        @event);
}
