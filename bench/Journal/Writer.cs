using Akka.Actor;
using Fleet.Actors.Ledger;
using Fleet.Processes;
using Fleet.Sandboxes;
using Envelope = Fleet.Ledger.Envelope;

namespace Fleet.Bench.Journal;

/// <summary>Persists events of a real kind and size, each after the one before is on disk.</summary>
internal sealed class Writer : EventSourced<int, ProcessEvent>
{
    private static readonly RunId Run = RunId.Parse("bench.writer-0123456789ab");

    public Writer(int number, Recorder recorder)
        : base($"process/bench/bench:writer-{number}", 0, recorder) => Command<Go>(Next);

    /// <param name="Asker">Told when all are written; null: whoever sent this.</param>
    public sealed record Go(int Events, IActorRef? Asker = null);

    public sealed record Done;

    protected override int SnapshotEvery => int.MaxValue;

    protected override int Evolve(int state, ProcessEvent @event, Envelope envelope) => state + 1;

    protected override object ToSnapshot(int state) => throw new NotSupportedException("the bench takes no snapshots");

    protected override int FromSnapshot(object snapshot) => throw new NotSupportedException("the bench takes no snapshots");

    protected override void Recovered()
    {
    }

    private void Next(Go go)
    {
        var asker = go.Asker ?? Sender;
        if (go.Events == 0)
        {
            asker.Tell(new Done());
            return;
        }

        var exited = new ProcessEvent.Exited(Run, new SandboxExit(1, false, Recorder.Now));
        Record([exited], Recorder.Observed(Guid.Empty, LastEvent), "bench:writer", () => Self.Tell(new Go(go.Events - 1, asker)));
    }
}
