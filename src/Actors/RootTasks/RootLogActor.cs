using System.Collections.Immutable;
using Akka.Actor;
using Fleet.Actors.Ledger;
using Fleet.Ledger;
using Fleet.RootTasks;
using Envelope = Fleet.Ledger.Envelope;

namespace Fleet.Actors.RootTasks;

/// <summary>How much of the root log the ledger has; answered with a <see cref="RootLogCopy"/>.</summary>
public sealed record GetRootLog
{
    public static readonly GetRootLog Instance = new();
}

/// <summary>What the root log says from the last known entry on. Answered with the <see cref="RootLogCopy"/> that follows, when it is on disk, or a Status.Failure.</summary>
/// <param name="Lines">As the host gave them.</param>
/// <param name="Unreported">Entries that say that a use was begun which the fleet has not begun.</param>
public sealed record KeepRootLog(ImmutableArray<byte> Lines, ImmutableHashSet<long> Unreported);

/// <summary>The ledger's copy of this host's root log.</summary>
internal sealed class RootLogActor : EventSourced<RootLogCopy, RootTaskEvent>
{
    private readonly string host;

    public RootLogActor(string host, Recorder recorder)
        : base(Streams.RootLog(host), RootLogCopy.Nothing, recorder)
    {
        this.host = host;
        Command<GetRootLog>(_ => Sender.Tell(State));
        Command<KeepRootLog>(Keep);
    }

    public static Props Props(string host, Recorder recorder) => Akka.Actor.Props.Create(() => new RootLogActor(host, recorder));

    protected override RootLogCopy Evolve(RootLogCopy state, RootTaskEvent @event, Envelope envelope) => state.Evolve(@event);

    protected override object ToSnapshot(RootLogCopy state) => state;

    protected override RootLogCopy FromSnapshot(object snapshot) => (RootLogCopy)snapshot;

    protected override Outcome OutcomeOf(RootTaskEvent @event) => @event is RootTaskEvent.Logged { Reported: true } ? Outcome.Succeeded : Outcome.Failed;

    protected override void Recovered()
    {
    }

    private void Keep(KeepRootLog keep)
    {
        var (asking, story) = (Sender, Guid.CreateVersion7(Recorder.Now));
        var events = State.Decide(host, keep.Lines.AsSpan(), entry => !keep.Unreported.Contains(entry.Number));
        Record(events, Recorder.Observed(story, LastEvent), host, () => asking.Tell(State), why => asking.Tell(new Status.Failure(new IOException(why))));
    }
}
