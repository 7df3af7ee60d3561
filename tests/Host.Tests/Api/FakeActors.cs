using System.Collections.Immutable;
using Akka.Actor;
using Fleet.Actors.Hosts;
using Fleet.Actors.Jobs;
using Fleet.Hosts;
using Fleet.Jobs;
using Fleet.Processes;
using Fleet.Sandboxes;

namespace Fleet.Host.Tests.Api;

/// <summary>Tells the fake control what its host says of a process, by the process's name.</summary>
public sealed record Say(JobId Job, Func<ProcessSpec, ProcessStatus> Status);

/// <summary>Answers the messages of control as the real actor does, from memory; and keeps them for the test to look at.</summary>
public sealed class FakeJobs : ReceiveActor
{
    private readonly SortedDictionary<string, JobView> jobs = new(StringComparer.Ordinal);

    public FakeJobs(List<JobMessage> seen, Func<ProcessSpec, ProcessStatus>? says)
    {
        Receive<ListJobs>(_ => Sender.Tell(jobs.Values.ToImmutableArray()));
        Receive<Say>(say => Sender.Tell(jobs[say.Job.ToString()] = Observed(jobs[say.Job.ToString()], say.Status)));
        Receive<JobMessage>(message =>
        {
            lock (seen)
            {
                seen.Add(message);
            }

            var reply = Answer(message);
            if (reply is JobReply.Accepted { Changed: true } accepted)
            {
                var view = accepted.Job;
                jobs[view.Id.ToString()] = says is null ? view : Observed(view, p => says(p) with { Version = view.Current.Version });
            }

            Sender.Tell(reply);
        });
    }

    private JobReply Answer(JobMessage message) => (message, jobs.GetValueOrDefault(message.Job.ToString())) switch
    {
        (JobMessage.Submit { CheckIndex: { } index }, var view) when index != (view?.Generation ?? 0) =>
            Refuse(RefusalCode.Conflict, $"the job is at index {view?.Generation ?? 0}, not {index}: plan again"),
        (JobMessage.Submit m, null) => new JobReply.Accepted(new JobView(m.Job, 1, true, 0, [Version(1, m)], []), true),
        (JobMessage.Submit m, { } view) when JobDigest.Of(m.Spec) == view.Current.Digest && view.Run => new JobReply.Accepted(view, false),
        (JobMessage.Submit m, { } view) =>
            Changed(view with { Run = true, Versions = view.Versions.Add(Version(view.Current.Version + 1, m)) }),
        (_, null) => Refuse(RefusalCode.NotFound, $"there is no job '{message.Job}'"),
        (JobMessage.Get, { } view) => new JobReply.Accepted(view, false),
        (JobMessage.Stop, { Run: false } view) => new JobReply.Accepted(view, false),
        (JobMessage.Stop, { } view) => Changed(view with { Run = false }),
        (JobMessage.Start, { Run: true } view) => new JobReply.Accepted(view, false),
        (JobMessage.Start, { } view) => Changed(view with { Run = true }),
        (JobMessage.Restart, { } view) => Changed(view with { Restarts = view.Restarts + 1 }),
        (JobMessage.Revert m, { } view) => Changed(view with { Versions = view.Versions.Add(Again(view, m.To ?? view.Current.Version - 1)) }),
        _ => throw new InvalidOperationException(message.ToString()),
    };

    private static JobReply Changed(JobView view) => new JobReply.Accepted(view with { Generation = view.Generation + 1 }, true);

    private static JobReply Refuse(RefusalCode code, string message) => new JobReply.Refused(new Refusal(code, message));

    private static JobVersion Version(int number, JobMessage.Submit m) =>
        new(number, JobDigest.Of(m.Spec), m.Spec, m.Cause.At, m.Cause.Principal.Name, null);

    private static JobVersion Again(JobView view, int to) => view.Versions[to - 1] with { Version = view.Current.Version + 1, RevertOf = to };

    private static JobView Observed(JobView view, Func<ProcessSpec, ProcessStatus> says) => view with
    {
        Processes =
        [
            .. view.Current.Spec.Processes.Select(p => new Observation(
                "host-1", new ProcessId(view.Id, p.Name), view.Generation,
                view.Run ? says(p) : says(p) with { Phase = ProcessPhase.Stopped, Pid = null, Run = null })),
        ],
    };
}

/// <summary>Answers for a host with one process.</summary>
public sealed class FakeHost : ReceiveActor
{
    public FakeHost(bool answers)
    {
        Receive<ListProcesses>(_ =>
        {
            if (answers)
            {
                Sender.Tell(ImmutableArray.Create(Hosted()));
            }
        });
    }

    public static readonly RunId Run = RunId.Parse("web.web-0123456789ab");

    private static HostedProcess Hosted()
    {
        var spec = new ProcessSpec { Name = "web", Executable = "/bin/web" };
        var process = new ProcessId(JobId.Parse("web"), "web");
        return new HostedProcess(new Assignment(process, 1, 1, JobDigest.Of(new JobSpec(process.Job, [spec], []), spec), spec, [], true, 0, 3, Guid.Empty), Statuses.Running(spec) with { Run = Run });
    }
}

public static class Statuses
{
    public static readonly DateTimeOffset At = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    public static ProcessStatus Running(ProcessSpec spec) =>
        new(ProcessPhase.Running, 1, At, 4711, RunId.Parse($"run-{spec.Name}"), 0, Fleet.Processes.Health.Unknown, null, null);

    public static ProcessStatus Starting(ProcessSpec spec) => Running(spec) with { Phase = ProcessPhase.Starting, Pid = null };

    public static ProcessStatus Failed(ProcessSpec spec) => Running(spec) with
    {
        Phase = ProcessPhase.Failed, Pid = null, Detail = "executable /bin/nothing is missing", LastExit = new SandboxExit(137, true, At),
    };
}
