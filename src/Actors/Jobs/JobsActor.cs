using System.Collections.Immutable;
using Akka.Actor;
using Fleet.Actors.Hosts;
using Fleet.Actors.Ledger;
using Fleet.Grants;
using Fleet.Hosts;
using Fleet.Jobs;
using Fleet.Processes;

namespace Fleet.Actors.Jobs;

/// <summary>
/// All jobs of the fleet: passes commands to them, keeps what they came to and what the hosts say, and sends the whole desired state down the
/// link after every change and every few seconds. It answers nothing before every job has recovered: half a desired state would stop the other half.
/// </summary>
internal sealed class JobsActor(Recorder recorder, IJobIndex index, IHostLink link) : EntitiesActor<JobId, JobActor.Now>("job", index.Jobs)
{
    private static readonly TimeSpan Repeat = TimeSpan.FromSeconds(10);

    private readonly Dictionary<ProcessId, Observation> observations = [];
    private TellJobGrants? grants;

    public static Props Props(Recorder recorder, IJobIndex index, IHostLink link) => Akka.Actor.Props.Create(() => new JobsActor(recorder, index, link));

    private sealed record PushDesired;

    protected override (Props Props, string Name) Of(JobId id) => (JobActor.Props(id, recorder), $"{id.Namespace}@{id.Name}");

    protected override void Always()
    {
        base.Always();
        Receive<Observation>(Observe);
    }

    protected override void Ready()
    {
        Receive<JobMessage.Get>(get => Sender.Tell(ReplyOf(get.Job, changed: false)));
        Receive<ListJobs>(_ => Sender.Tell(Known.Values.Where(j => j.Job.Exists).OrderBy(j => j.Id.ToString(), StringComparer.Ordinal).Select(ViewOf).ToImmutableArray()));
        Receive<JobMessage>(Pass);
        Receive<JobActor.Now>(Heard);
        Receive<JobActor.Refused>(refused => refused.ReplyTo.Tell(new JobReply.Refused(refused.Refusal)));
        Receive<PushDesired>(_ => Push());
        Receive<TellJobGrants>(Heard);
        Timers.StartPeriodicTimer("desired", new PushDesired(), TimeSpan.Zero, Repeat);
    }

    // Only a submission may bring a job into being; asking for one that is not there must leave nothing behind.
    private void Pass(JobMessage message)
    {
        if (message is JobMessage.Submit || Known.ContainsKey(message.Job))
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
        Known[now.Id] = now.Changed || !Known.TryGetValue(now.Id, out var before) ? now : now with { Trace = before.Trace };
        if (now.Changed)
        {
            Push();
        }

        now.ReplyTo?.Tell(ReplyOf(now.Id, now.Changed));
    }

    private void Heard(TellJobGrants told)
    {
        var isNews = grants?.Number != told.Number;
        grants = told;
        if (isNews)
        {
            Push();
        }
    }

    // Jobs are never removed and their generations never fall, so the sum is a number that rises with every change and is as durable as they are.
    private void Push()
    {
        if (grants is null)
        {
            return; // They come, and are sent then.
        }

        var all = Known.Values.Where(j => j.Job.Exists).ToList();
        var desired = all.Select(j => new DesiredJob(j.Generation, j.Job.Current.Version, j.Job.Current.Spec, j.Job.Run, j.Job.Restarts, j.Job.Correlation, j.Trace));
        link.Down(new DesiredState(Known.Values.Sum(j => j.Generation) + grants.Number, [.. desired])
        {
            Grants = [.. all.SelectMany(j => JobGrants.For(j.Id, j.Job.Current.Digest, j.Job.Current.Spec, grants.Told))],
        });
    }

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

    private JobReply ReplyOf(JobId id, bool changed) => Known.TryGetValue(id, out var job) && job.Job.Exists
        ? new JobReply.Accepted(ViewOf(job), changed)
        : new JobReply.Refused(new Refusal(RefusalCode.NotFound, $"there is no job '{id}'; `fleet job list` shows those that there are"));

    private JobView ViewOf(JobActor.Now now) => new(
        now.Id, now.Generation, now.Job.Run, now.Job.Restarts, now.Job.Versions,
        [.. observations.Values.Where(o => o.Process.Job == now.Id).OrderBy(o => o.Process.Name, StringComparer.Ordinal)]);
}
