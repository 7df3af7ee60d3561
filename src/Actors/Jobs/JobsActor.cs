using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;
using Fleet.Actors.Hosts;
using Fleet.Actors.Ledger;
using Fleet.Hosts;
using Fleet.Jobs;
using Fleet.Processes;

namespace Fleet.Actors.Jobs;

/// <summary>
/// All jobs of the fleet: passes commands to them, keeps what they came to and what the hosts say, and sends the whole desired state down the
/// link after every change and every few seconds. It answers nothing before every job has recovered: half a desired state would stop the other half.
/// </summary>
public sealed class JobsActor : ReceiveActor, IWithTimers, IWithStash
{
    private static readonly TimeSpan Repeat = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(1);

    private readonly Recorder recorder;
    private readonly IJobIndex index;
    private readonly IHostLink link;
    private readonly Dictionary<JobId, JobActor.Now> jobs = [];
    private readonly Dictionary<JobId, IActorRef> actors = [];
    private readonly Dictionary<ProcessId, Observation> observations = [];
    private readonly HashSet<JobId> recovering = [];

    public JobsActor(Recorder recorder, IJobIndex index, IHostLink link)
    {
        (this.recorder, this.index, this.link) = (recorder, index, link);
        Become(Recovering);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public IStash Stash { get; set; } = null!;

    public static Props Props(Recorder recorder, IJobIndex index, IHostLink link) => Akka.Actor.Props.Create(() => new JobsActor(recorder, index, link));

    private sealed record Found(IReadOnlyList<JobId> Jobs);

    private sealed record Revive(JobId Job);

    private sealed record PushDesired;

    protected override void PreStart() => index.Jobs().PipeTo(Self, success: found => new Found(found));

    private void Recovering()
    {
        Receive<Found>(found =>
        {
            recovering.UnionWith(found.Jobs);
            found.Jobs.ToList().ForEach(job => Actor(job));
            ReadyWhenRecovered();
        });
        Receive<JobActor.Now>(now =>
        {
            jobs[now.Id] = now;
            recovering.Remove(now.Id);
            ReadyWhenRecovered();
        });
        Receive<Observation>(Observe);
        Receive<Terminated>(dead => Lost(dead.ActorRef));
        Receive<Revive>(revive => Actor(revive.Job));
        Receive<Status.Failure>(failure => Context.System.EventStream.Publish(new RecoveryRefused("the list of jobs", 0, failure.Cause)));
        ReceiveAny(_ => Stash.Stash());
    }

    private void ReadyWhenRecovered()
    {
        if (recovering.Count > 0)
        {
            return;
        }

        Become(Ready);
        Timers.StartPeriodicTimer("desired", new PushDesired(), TimeSpan.Zero, Repeat);
        Stash.UnstashAll();
    }

    private void Ready()
    {
        Receive<JobMessage.Get>(get => Sender.Tell(ReplyOf(get.Job, changed: false)));
        Receive<ListJobs>(_ => Sender.Tell(jobs.Values.Where(j => j.Job.Exists).OrderBy(j => j.Id.ToString(), StringComparer.Ordinal).Select(ViewOf).ToImmutableArray()));
        Receive<JobMessage>(Pass);
        Receive<JobActor.Now>(Heard);
        Receive<JobActor.Refused>(refused => refused.ReplyTo.Tell(new JobReply.Refused(refused.Refusal)));
        Receive<Observation>(Observe);
        Receive<PushDesired>(_ => Push());
        Receive<Terminated>(dead => Lost(dead.ActorRef));
        Receive<Revive>(revive => Actor(revive.Job));
    }

    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Stop);

    // Only a submission may bring a job into being; asking for one that is not there must leave nothing behind.
    private void Pass(JobMessage message)
    {
        if (message is JobMessage.Submit || jobs.ContainsKey(message.Job))
        {
            Actor(message.Job).Tell(new JobActor.Do(message, Sender));
        }
        else
        {
            Sender.Tell(ReplyOf(message.Job, changed: false));
        }
    }

    private void Heard(JobActor.Now now)
    {
        // A command that changed nothing is not the one that made it so.
        jobs[now.Id] = now.Changed || !jobs.TryGetValue(now.Id, out var before) ? now : now with { Trace = before.Trace };
        if (now.Changed)
        {
            Push();
        }

        now.ReplyTo?.Tell(ReplyOf(now.Id, now.Changed));
    }

    // Jobs are never removed and their generations never fall, so the sum is a number that rises with every change and is as durable as they are.
    private void Push() => link.Down(new DesiredState(jobs.Values.Sum(j => j.Generation), [.. jobs.Values.Where(j => j.Job.Exists).Select(j =>
        new DesiredJob(j.Generation, j.Job.Current.Version, j.Job.Current.Spec, j.Job.Run, j.Job.Restarts, j.Job.Correlation, j.Trace))]));

    private void Observe(Observation seen)
    {
        if (seen.Removed)
        {
            observations.Remove(seen.Process);
        }
        else
        {
            observations[seen.Process] = seen;
        }
    }

    private JobReply ReplyOf(JobId id, bool changed) => jobs.TryGetValue(id, out var job) && job.Job.Exists
        ? new JobReply.Accepted(ViewOf(job), changed)
        : new JobReply.Refused(new Refusal(RefusalCode.NotFound, $"there is no job '{id}'; `fleet job list` shows those that there are"));

    private JobView ViewOf(JobActor.Now now) => new(
        now.Id, now.Generation, now.Job.Run, now.Job.Restarts, now.Job.Versions,
        [.. observations.Values.Where(o => o.Process.Job == now.Id).OrderBy(o => o.Process.Name, StringComparer.Ordinal)]);

    private IActorRef Actor(JobId id)
    {
        if (!actors.TryGetValue(id, out var actor))
        {
            actor = Context.ActorOf(JobActor.Props(id, recorder), $"{id.Namespace}@{id.Name}");
            actors[id] = Context.Watch(actor);
        }

        return actor;
    }

    // A job's actor stops when the journal failed it. What it recorded is safe; it comes back and recovers.
    private void Lost(IActorRef dead)
    {
        var (job, _) = actors.First(a => a.Value.Equals(dead));
        actors.Remove(job);
        Context.GetLogger().Warning("job {0} stopped after a failed write; starting it again", job);
        Timers.StartSingleTimer($"revive {job}", new Revive(job), Again);
    }
}
