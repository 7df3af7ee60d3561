using System.Collections.Immutable;
using System.Diagnostics;
using Akka.Actor;
using Akka.Event;
using Akka.Pattern;
using Akka.Persistence;
using Fleet.Actors.Telemetry;
using Fleet.Ledger;
using Microsoft.Data.Sqlite;
using Envelope = Fleet.Ledger.Envelope;

namespace Fleet.Actors.Ledger;

/// <summary>What every actor that records needs to know of where it is.</summary>
public sealed record Recorder(string Host, TimeProvider Time)
{
    public DateTimeOffset Now => Time.GetUtcNow();

    /// <summary>The cause of what the agent itself observes, in a story that is told already.</summary>
    public Cause Observed(Guid correlation, Guid causation) =>
        new(correlation, causation, Principal.Agent(Host), "local", Now);
}

/// <summary>
/// The thin shell around a decider: envelope, persist all, evolve, and only then go on. A failed write stops the actor (its parent starts it
/// again, and it recovers from what is stored); a row that cannot be read ends the agent (<see cref="RecoveryRefused"/>), which never guesses.
/// </summary>
public abstract class EventSourced<TState, TEvent> : ReceivePersistentActor
    where TEvent : FleetEvent
{
    private Action<string> onFailure = _ => { };
    private Activity? writing;
    private long snapshotAt;
    private long? replayed;

    protected EventSourced(string persistenceId, TState initial, Recorder recorder)
    {
        PersistenceId = persistenceId;
        State = initial;
        Recorder = recorder;
        Recover<SnapshotOffer>(offer =>
        {
            State = FromSnapshot(offer.Snapshot);
            snapshotAt = offer.Metadata.SequenceNr;
            replayed = snapshotAt;
        });
        Recover<Recorded>(Replay);
        Recover<RecoveryCompleted>(_ => Recovered());
        Command<SaveSnapshotSuccess>(s => DeleteSnapshots(new SnapshotSelectionCriteria(s.Metadata.SequenceNr - 1)));
        Command<SaveSnapshotFailure>(f => Context.GetLogger().Warning("{0}: no snapshot: {1}; recovery will read more events", PersistenceId, f.Cause.Message));
        Command<DeleteSnapshotsSuccess>(_ => { });
        Command<DeleteSnapshotsFailure>(f => Context.GetLogger().Warning("{0}: an old snapshot stays: {1}", PersistenceId, f.Cause.Message));
    }

    public override string PersistenceId { get; }

    /// <summary>Events between two snapshots: bounds what a recovery reads.</summary>
    protected virtual int SnapshotEvery => 100;

    protected TState State { get; private set; }

    protected Recorder Recorder { get; }

    /// <summary>The id of the newest event of this stream, for causation; empty after a recovery from a snapshot alone.</summary>
    protected Guid LastEvent { get; private set; }

    protected abstract TState Evolve(TState state, TEvent @event, Envelope envelope);

    protected abstract object ToSnapshot(TState state);

    protected abstract TState FromSnapshot(object snapshot);

    /// <summary>Everything stored has been folded; called once.</summary>
    protected abstract void Recovered();

    /// <summary>Persists the events, folds them, and then, with all of them on disk, calls <paramref name="then"/>; with none, calls it at once.</summary>
    /// <param name="failed">Told why, if they could not be written; the actor stops afterwards.</param>
    protected void Record(ImmutableArray<TEvent> events, Cause cause, string subject, Action then, Action<string>? failed = null)
    {
        if (events.IsEmpty)
        {
            then();
            return;
        }

        onFailure = failed ?? (_ => { });
        writing = Spans.Begin(Spans.JournalWrite, cause, PersistenceId)?.SetTag(Spans.Events, events.Length);
        var left = events.Length;
        PersistAll(events.Select((e, i) => Wrap(e, LastSequenceNr + 1 + i, cause, subject)).ToList(), recorded =>
        {
            Apply(recorded);
            if (--left == 0)
            {
                // In the last write's own handler and not deferred: no other command may come between the write and what follows from it.
                onFailure = _ => { };
                FleetMeter.Events.Add(events.Length);
                SnapshotWhenDue();
                writing.End();
                then();
            }
        });
    }

    protected override void OnPersistFailure(Exception cause, object @event, long sequenceNr)
    {
        base.OnPersistFailure(cause, @event, sequenceNr);
        NotWritten(IsKnownUndone(cause)
            ? $"the event could not be written to the journal, and nothing was done: {cause.Message}"
            : $"it is not known whether the event is or will be written to the journal: {cause.Message}; look (as with `fleet job status`), then ask again");
    }

    protected override void OnPersistRejected(Exception cause, object @event, long sequenceNr)
    {
        base.OnPersistRejected(cause, @event, sequenceNr);
        NotWritten($"the journal refused the event: {cause.Message}; nothing was done");
        Context.Stop(Self);
    }

    // An error of the disk may come after the last byte was written, and SQLite then finds it when it recovers; a call that took too long may still be under way.
    private static bool IsKnownUndone(Exception cause) => cause is OpenCircuitException or SqliteException { SqliteErrorCode: not SqliteJournal.DiskError };

    private void NotWritten(string why)
    {
        writing.End(why);
        onFailure(why);
    }

    protected override void OnRecoveryFailure(Exception reason, object? message = null)
    {
        base.OnRecoveryFailure(reason, message);
        Context.System.EventStream.Publish(new RecoveryRefused(PersistenceId, LastSequenceNr, reason));
    }

    /// <exception cref="InvalidDataException">The row is another stream's, or not the next of this one: rows were moved, copied or deleted.</exception>
    private void Replay(Recorded recorded)
    {
        var (stream, sequence) = (recorded.Envelope.Stream, recorded.Envelope.Sequence);
        if (stream != PersistenceId || sequence != LastSequenceNr || (replayed is { } last && sequence != last + 1))
        {
            throw new InvalidDataException($"{PersistenceId}: after number {replayed ?? snapshotAt} the journal has {stream} number {sequence} in row {LastSequenceNr}");
        }

        replayed = sequence;
        Apply(recorded);
    }

    private void Apply(Recorded recorded)
    {
        State = Evolve(State, (TEvent)recorded.Event, recorded.Envelope);
        LastEvent = recorded.Envelope.Id;
    }

    private Recorded Wrap(TEvent @event, long sequence, Cause cause, string subject) => new(
        new Envelope
        {
            Id = Guid.CreateVersion7(Recorder.Now),
            Name = EventCatalog.NameOf(@event),
            Stream = PersistenceId,
            Sequence = sequence,
            OccurredAt = cause.At,
            RecordedAt = Recorder.Now,
            Principal = cause.Principal,
            Host = Recorder.Host,
            Subject = subject,
            Reason = cause.Reason,
            Outcome = OutcomeOf(@event),
            Origin = cause.Origin,
            CorrelationId = cause.CorrelationId,
            CausationId = cause.CausationId,
        },
        @event);

    protected virtual Outcome OutcomeOf(TEvent @event) => Outcome.Succeeded;

    private void SnapshotWhenDue()
    {
        if (LastSequenceNr - snapshotAt >= SnapshotEvery)
        {
            snapshotAt = LastSequenceNr;
            SaveSnapshot(ToSnapshot(State));
        }
    }
}

/// <summary>Published on the system's event stream: the stream cannot be read, and the agent must end rather than guess, unless it <see cref="MayPass"/>.</summary>
/// <param name="Sequence">The last one that was read well.</param>
public sealed record RecoveryRefused(string Stream, long Sequence, Exception Reason)
{
    /// <summary>The database failed or did not answer in time, which says nothing of the rows; the actor is started again and tries anew.</summary>
    public bool MayPass => Reason is RecoveryTimedOutException or OpenCircuitException or OperationCanceledException
        || Reason.GetBaseException() is SqliteException or TimeoutException;
}
