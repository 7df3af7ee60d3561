using Akka.Actor;
using Akka.Configuration;
using Fleet.Actors;
using Fleet.Actors.Ledger;
using Fleet.Ledger;
using Fleet.Processes;
using Microsoft.Data.Sqlite;
using Envelope = Fleet.Ledger.Envelope;

namespace Fleet.Bench.Journal;

/// <summary>
/// Makes a real agent's ledger as long as that of one that has run for weeks: health changes of each process that runs, recorded and snapshotted as its
/// own supervisor would. The agent is down meanwhile; its next start is what is then measured.
/// </summary>
internal static class Filler
{
    public static async Task<int> Run(string ledger, string host, long events)
    {
        var journal = SqliteJournal.Open($"{ledger}/journal.db", $"{ledger}/snapshots.db");
        using var system = FleetActors.CreateSystem(journal, ConfigurationFactory.ParseString("akka { loglevel = ERROR, stdout-loglevel = ERROR }"));
        var streams = Texts(ledger, $"SELECT DISTINCT persistence_id FROM journal WHERE persistence_id LIKE 'process/{host}/%'");
        var missing = events - long.Parse(Texts(ledger, "SELECT CAST(count(*) AS TEXT) FROM journal")[0]);
        var recorder = new Recorder(host, TimeProvider.System);
        await Task.WhenAll(streams.Select(stream => system.ActorOf(Props.Create(() => new Process(stream, recorder)))
            .Ask<Writer.Done>(new Writer.Go((int)(missing / streams.Count) + 1), TimeSpan.FromMinutes(10))));
        await Task.Delay(TimeSpan.FromSeconds(1)); // the last snapshots
        await system.Terminate();
        return 0;
    }

    private static List<string> Texts(string ledger, string sql)
    {
        using var connection = new SqliteConnection(SqliteJournal.ConnectionString($"{ledger}/journal.db"));
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

    private sealed class Process : EventSourced<ProcessState, ProcessEvent>
    {
        public Process(string stream, Recorder recorder)
            : base(stream, ProcessState.New, recorder) => Command<Writer.Go>(Next);

        protected override ProcessState Evolve(ProcessState state, ProcessEvent @event, Envelope envelope) => ProcessState.Evolve(state, @event, envelope.OccurredAt);

        protected override object ToSnapshot(ProcessState state) => state;

        protected override ProcessState FromSnapshot(object snapshot) => (ProcessState)snapshot;

        protected override void Recovered()
        {
        }

        private void Next(Writer.Go go)
        {
            var asker = go.Asker ?? Sender;
            if (go.Events == 0 || State is not ProcessState.Running running)
            {
                asker.Tell(new Writer.Done());
                return;
            }

            var health = running.Health == Health.Healthy ? Health.Unhealthy : Health.Healthy;
            var changed = new ProcessEvent.HealthChanged(running.Run.Id, health, "the bench says so");
            Record([changed], Recorder.Observed(Guid.Empty, LastEvent), PersistenceId.Split('/')[^1], () => Self.Tell(new Writer.Go(go.Events - 1, asker)));
        }
    }
}
