using System.Text;
using Fleet.Hosts;
using Fleet.Ledger;
using Fleet.Processes;
using Fleet.Sandboxes;

namespace Fleet.Tests.Processes;

/// <summary>Every (state, command) cell: "nothing happens" is an explicit cell, and a new state or command shows here.</summary>
public class SupervisionMatrixTests
{
    private static readonly DateTimeOffset Noon = SupervisionScenario.Noon;
    private static readonly RunId Run = RunId.Parse("shop.web-1");
    private static readonly SandboxIdentity Identity = new(Run, SupervisionScenario.Boot, 4711, 99);

    [Fact]
    public void The_whole_table_is_as_written()
    {
        var table = new StringBuilder();
        foreach (var wanted in new[] { true, false })
        {
            table.AppendLine($"wanted: {(wanted ? "running" : "stopped")}");
            foreach (var (stateName, state) in States())
            {
                foreach (var (commandName, command) in Commands())
                {
                    table.AppendLine($"  {stateName,-20} {commandName,-14} -> {Cell(state, command, wanted)}");
                }
            }
        }

        var file = Path.Combine(AppContext.BaseDirectory, "Processes", "supervision-matrix.txt");
        var written = File.ReadAllText(file);
        Assert.True(written == table.ToString(), $"the table is now:\n{table}");
    }

    private static string Cell(ProcessState state, ProcessCommand command, bool wanted)
    {
        var assignment = SupervisionScenario.Assign(new ProcessSpec { Name = "web", Executable = "/bin/web" }, wanted);
        var events = Supervision.Decide(state, command, new Circumstances(assignment, Noon, Guid.Empty, 0));
        return events.IsEmpty ? "-" : string.Join(", ", events.Select(EventCatalog.NameOf));
    }

    private static IEnumerable<(string, ProcessState)> States()
    {
        var digest = SupervisionScenario.Assign(new ProcessSpec { Name = "web", Executable = "/bin/web" }).Digest;
        var run = new ProcessRun(Run, SandboxPhase.Main, 1, 1, digest, 0, 1);
        ProcessState With(ProcessState s) => s with { LastRun = run, LastExit = new SandboxExit(1, false, Noon), Since = Noon };
        yield return ("idle stopped", ProcessState.New);
        yield return ("idle completed", With(new ProcessState.Idle(IdleWhy.Completed)));
        yield return ("idle failed", With(new ProcessState.Idle(IdleWhy.Failed)));
        yield return ("starting", new ProcessState.Starting(run));
        yield return ("running", new ProcessState.Running(run, Identity, Health.Unknown));
        yield return ("running other", new ProcessState.Running(run with { Digest = Digest.Of("other") }, Identity, Health.Unknown));
        yield return ("stopping", new ProcessState.Stopping(run, Identity, StopReason.Asked, StopLadder.Parse("TERM/1s/KILL"), 0, Noon));
        yield return ("between", With(new ProcessState.Between(null, null, Noon)));
        yield return ("waiting", With(new ProcessState.Waiting(1, Noon, false)));
    }

    private static IEnumerable<(string, ProcessCommand)> Commands()
    {
        yield return ("reconcile", new ProcessCommand.Reconcile());
        yield return ("started", new ProcessCommand.StartAnswered(Run, new StartOutcome.Started(Identity)));
        yield return ("start failed", new ProcessCommand.StartAnswered(Run, new StartOutcome.Failed(new StartFailure(StartFailureCode.DiskFull, "full"))));
        yield return ("seen running", new ProcessCommand.Seen(Run, new SandboxView.Running(Identity)));
        yield return ("seen exited", new ProcessCommand.Seen(Run, new SandboxView.Exited(new SandboxExit(1, false, Noon))));
        yield return ("seen absent", new ProcessCommand.Seen(Run, new SandboxView.Absent()));
        yield return ("unhealthy", new ProcessCommand.HealthSeen(Run, Health.Unhealthy, "refused"));
        yield return ("rung over", new ProcessCommand.RungOver(Run, 0));
        yield return ("restart due", new ProcessCommand.RestartDue());
    }
}
