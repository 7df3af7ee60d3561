using System.Collections.Immutable;
using Fleet.Hosts;
using Fleet.Jobs;
using Fleet.Processes;
using Fleet.Sandboxes;

namespace Fleet.Tests.Processes;

/// <summary>Given events, when a command comes, then events: sentences over one process.</summary>
internal sealed class SupervisionScenario
{
    public static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    public static readonly ProcessId Web = new(JobId.Parse("shop"), "web");
    public static readonly Guid Boot = new("11111111-1111-1111-1111-111111111111");

    private int unique = 1;

    public DateTimeOffset Now { get; private set; } = Noon;

    public ProcessState State { get; private set; } = ProcessState.New;

    public Assignment Wanted { get; private set; } = Assign(new ProcessSpec { Name = "web", Executable = "/bin/web" });

    public static Assignment Assign(ProcessSpec spec, bool run = true, int version = 1, int restarts = 0)
    {
        var job = new JobSpec(Web.Job, [spec], []);
        return new Assignment(Web, version + restarts + (run ? 0 : 100), version, JobDigest.Of(job, spec), spec, [], run, restarts, 0, Boot);
    }

    public Permit Permit { get; private set; } = new Permit.Baseline();

    public SupervisionScenario May(Permit permit)
    {
        Permit = permit;
        return this;
    }

    public SupervisionScenario Want(Func<ProcessSpec, ProcessSpec>? change = null, bool run = true, int version = 1, int restarts = 0)
    {
        Wanted = Assign((change ?? (s => s))(Wanted.Spec), run, version, restarts);
        return this;
    }

    public SupervisionScenario After(TimeSpan time)
    {
        Now += time;
        return this;
    }

    /// <summary>Decides, folds, and gives what was decided.</summary>
    public ImmutableArray<ProcessEvent> When(ProcessCommand command)
    {
        var events = Supervision.Decide(State, command, new Circumstances(Wanted, Now, new Guid(0, 0, 0, 0, 0, 0, 0, 0, 0, (byte)(unique >> 8), (byte)unique++), 0, Permit));
        State = events.Aggregate(State, (state, e) => ProcessState.Evolve(state, e, Now));
        return events;
    }

    public SupervisionScenario Given(ProcessCommand command)
    {
        When(command);
        return this;
    }

    public RunId Run => State switch
    {
        ProcessState.Starting s => s.Run.Id,
        ProcessState.Running s => s.Run.Id,
        ProcessState.Stopping s => s.Run.Id,
        _ => throw new InvalidOperationException($"{State.GetType().Name} has no run"),
    };

    public SupervisionScenario Reconciled() => Given(new ProcessCommand.Reconcile());

    public ProcessCommand Started() => new ProcessCommand.StartAnswered(Run, new StartOutcome.Started(new SandboxIdentity(Run, Boot, 4711, 99)));

    public ProcessCommand Failed(StartFailureCode code) =>
        new ProcessCommand.StartAnswered(Run, new StartOutcome.Failed(new StartFailure(code, $"no start: {code}")));

    public ProcessCommand Exited(int code, bool oom = false) => new ProcessCommand.Seen(Run, new SandboxView.Exited(new SandboxExit(code, oom, Now)));

    public ProcessCommand Absent() => new ProcessCommand.Seen(Run, new SandboxView.Absent());

    public SupervisionScenario Running() => Reconciled().Given(Started());
}
