using System.Collections.Immutable;
using System.Diagnostics;
using Akka.Actor;
using Fleet.Actors.Ledger;
using Fleet.Actors.Telemetry;
using Fleet.Grants;
using Fleet.Ledger;
using Envelope = Fleet.Ledger.Envelope;

namespace Fleet.Actors.Grants;

/// <summary>One grant: decides, records, and tells the Grants actor what it came to. Wakes itself when time alone changes it.</summary>
internal sealed class GrantActor : EventSourced<Grant, GrantEvent>
{
    private readonly GrantId id;
    private readonly Alarm alarm;
    private Guid story;

    public GrantActor(GrantId id, Recorder recorder)
        : base(Streams.Grant(id), Grant.None, recorder)
    {
        (this.id, alarm) = (id, new Alarm(recorder.Time, Self, Wake.Up));
        Command<Do>(Handle);
        Command<Wake>(_ => WakeUp());
    }

    /// <param name="ReplyTo">Who asked; the Grants actor answers it, after it has heard of the change.</param>
    public sealed record Do(GrantCommand Command, Cause Cause, IActorRef ReplyTo);

    /// <param name="Sequence">Of its newest event.</param>
    /// <param name="Reply">To whom, and what became of the command; null: nobody asked.</param>
    public sealed record Now(GrantId Id, Grant Grant, long Sequence, Answer? Reply) : IEntityNow<GrantId>;

    public sealed record Answer(IActorRef To, GrantReply What);

    private sealed record Wake
    {
        public static readonly Wake Up = new();
    }

    // A grant has few events, and its end ends them.
    protected override int SnapshotEvery => int.MaxValue;

    public static Props Props(GrantId id, Recorder recorder) => Akka.Actor.Props.Create(() => new GrantActor(id, recorder));

    protected override Grant Evolve(Grant state, GrantEvent @event, Envelope envelope)
    {
        story = @event is GrantEvent.Requested ? envelope.CorrelationId : story;
        return Grant.Evolve(state, @event, envelope.OccurredAt);
    }

    protected override object ToSnapshot(Grant state) => throw new UnreachableException("a grant has no snapshots");

    protected override Grant FromSnapshot(object snapshot) => throw new UnreachableException("a grant has no snapshots");

    protected override Outcome OutcomeOf(GrantEvent @event) => @event switch
    {
        GrantEvent.Denied or GrantEvent.ApprovalRefused or GrantEvent.UseRefused => Outcome.Refused,
        GrantEvent.UseLost or GrantEvent.UseEnded { ExitCode: not 0 } => Outcome.Failed,
        _ => Outcome.Succeeded,
    };

    protected override void Recovered() => Tell(null);

    protected override void PostStop()
    {
        alarm.Dispose();
        base.PostStop();
    }

    private void Handle(Do asked)
    {
        var span = Spans.Begin(Spans.GrantDecide, asked.Cause, PersistenceId);
        var decision = GrantDecider.Decide(State, asked.Command, Recorder.Now);
        if (decision.Refusal is { } refusal)
        {
            Refuse(asked, refusal, span);
            return;
        }

        Record(
            decision.Events,
            asked.Cause.Under(span),
            id.ToString(),
            () =>
            {
                Tell(new Answer(asked.ReplyTo, new GrantReply.Accepted(State, !decision.Events.IsEmpty, UseOf(decision.Events))));
                span.End();
            },
            why => Refuse(asked, new Refusal(RefusalCode.Unavailable, why), span));
    }

    private void WakeUp()
    {
        var events = GrantDecider.Decide(State, new GrantCommand.Wake(), Recorder.Now).Events;
        Record(events, Recorder.Observed(story, LastEvent), id.ToString(), () => Tell(null));
    }

    private void Refuse(Do asked, Refusal refusal, Activity? span)
    {
        Tell(new Answer(asked.ReplyTo, new GrantReply.Refused(refusal)));
        span.End(refusal.Message);
    }

    private void Tell(Answer? reply)
    {
        Context.Parent.Tell(new Now(id, State, LastSequenceNr, reply));
        alarm.Set(State.WakeAt);
    }

    private static int? UseOf(ImmutableArray<GrantEvent> events) => events.OfType<GrantEvent.UseBegun>().FirstOrDefault()?.Use;
}
