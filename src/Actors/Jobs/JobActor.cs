using System.Diagnostics;
using Akka.Actor;
using Fleet.Actors.Ledger;
using Fleet.Actors.Telemetry;
using Fleet.Jobs;
using Fleet.Ledger;
using Envelope = Fleet.Ledger.Envelope;

namespace Fleet.Actors.Jobs;

/// <summary>One job: decides, records, and tells the Jobs actor what it came to.</summary>
internal sealed class JobActor : EventSourced<Job, JobEvent>
{
    private readonly JobId id;

    public JobActor(JobId id, Recorder recorder)
        : base(Streams.Job(id), Job.Absent, recorder)
    {
        this.id = id;
        Command<Do>(Handle);
    }

    /// <param name="ReplyTo">Who asked; the Jobs actor answers it, after it has heard of the change.</param>
    public sealed record Do(JobMessage Message, IActorRef ReplyTo);

    /// <param name="ReplyTo">Null: nobody asked, the job has recovered.</param>
    /// <param name="Trace">Of the command.</param>
    public sealed record Now(JobId Id, Job Job, long Generation, IActorRef? ReplyTo, bool Changed, ActivityContext Trace = default) : IEntityNow<JobId>;

    public sealed record Refused(JobId Id, Refusal Refusal, IActorRef ReplyTo);

    public static Props Props(JobId id, Recorder recorder) => Akka.Actor.Props.Create(() => new JobActor(id, recorder));

    protected override Job Evolve(Job state, JobEvent @event, Envelope envelope) => Job.Evolve(state, @event, envelope);

    protected override object ToSnapshot(Job state) => state;

    protected override Job FromSnapshot(object snapshot) => (Job)snapshot;

    protected override void Recovered() => Context.Parent.Tell(new Now(id, State, LastSequenceNr, null, false));

    private void Handle(Do asked)
    {
        var asking = CauseOf(asked.Message);
        var span = Spans.Begin(SpanOf(asked.Message), asking, PersistenceId);
        var decision = JobDecider.Decide(State, CommandOf(asked.Message));
        if (decision.Refusal is { } refusal)
        {
            Refuse(asked, refusal, span);
            return;
        }

        var cause = asking.Under(span);
        Record(
            decision.Events,
            cause,
            id.ToString(),
            () =>
            {
                Context.Parent.Tell(new Now(id, State, LastSequenceNr, asked.ReplyTo, !decision.Events.IsEmpty, cause.Trace));
                span.End();
            },
            why => Refuse(asked, new Refusal(RefusalCode.Unavailable, why), span));
    }

    private void Refuse(Do asked, Refusal refusal, Activity? span)
    {
        Context.Parent.Tell(new Refused(id, refusal, asked.ReplyTo));
        span.End(refusal.Message);
    }

    private static string SpanOf(JobMessage message) => message switch
    {
        JobMessage.Submit => Spans.JobRun,
        JobMessage.Stop => Spans.JobStop,
        JobMessage.Start => Spans.JobStart,
        JobMessage.Restart => Spans.JobRestart,
        JobMessage.Revert => Spans.JobRevert,
        _ => throw new UnreachableException($"{message.GetType()} does not change a job"),
    };

    private JobCommand CommandOf(JobMessage message) => message switch
    {
        JobMessage.Submit m => new JobCommand.Submit(m.Spec, m.CheckIndex, LastSequenceNr),
        JobMessage.Stop => new JobCommand.Stop(),
        JobMessage.Start => new JobCommand.Start(),
        JobMessage.Restart => new JobCommand.Restart(),
        JobMessage.Revert m => new JobCommand.Revert(m.To),
        _ => throw new UnreachableException($"{message.GetType()} does not change a job"),
    };

    private static Cause CauseOf(JobMessage message) => message switch
    {
        JobMessage.Submit m => m.Cause,
        JobMessage.Stop m => m.Cause,
        JobMessage.Start m => m.Cause,
        JobMessage.Restart m => m.Cause,
        JobMessage.Revert m => m.Cause,
        _ => throw new UnreachableException($"{message.GetType()} does not change a job"),
    };
}
