using System.Text;
using Fleet.Grants;
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
        foreach (var (title, wanted, permit, by) in Circumstances())
        {
            table.AppendLine($"wanted: {title}");
            foreach (var (stateName, state) in States(by))
            {
                foreach (var (commandName, command) in Commands())
                {
                    table.AppendLine($"  {stateName,-20} {commandName,-15} -> {Cell(state, command, wanted, permit)}");
                }
            }
        }

        var file = Path.Combine(AppContext.BaseDirectory, "Processes", "supervision-matrix.txt");
        var written = File.ReadAllText(file);
        Assert.True(written == table.ToString(), $"the table is now:\n{table}");
    }

    /// <summary>What is wanted, by what it may run, and by which grant was begun what runs.</summary>
    private static IEnumerable<(string Title, bool Wanted, Permit Permit, GrantId? By)> Circumstances()
    {
        var (granted, ours, other) = (new Permit.Granted(PermitSample.Grant), PermitSample.Grant.Id, GrantId.Parse("g-0000000000000002"));
        yield return ("running", true, new Permit.Baseline(), null);
        yield return ("stopped", false, new Permit.Baseline(), null);
        yield return ("running, by a grant", true, granted, ours);
        yield return ("running, by a renewed grant", true, granted, other);
        yield return ("running, by a grant that is lost beside another", true, granted with { Lost = [other] }, other);
        yield return ("running, and its grant is over", true, new Permit.Missing(PermitSample.Why, KeepsRunning: false), ours);
        yield return ("running, and its grant is over and lets it go on", true, new Permit.Missing(PermitSample.Why, KeepsRunning: true), ours);
        yield return ("stopped, and its grant is over", false, new Permit.Missing(PermitSample.Why, KeepsRunning: false), ours);
    }

    private static string Cell(ProcessState state, ProcessCommand command, bool wanted, Permit permit)
    {
        var assignment = SupervisionScenario.Assign(new ProcessSpec { Name = "web", Executable = "/bin/web" }, wanted);
        var events = Supervision.Decide(state, command, new Circumstances(assignment, Noon, Guid.Empty, 0, permit));
        return events.IsEmpty ? "-" : string.Join(", ", events.Select(EventCatalog.NameOf));
    }

    private static IEnumerable<(string, ProcessState)> States(GrantId? by)
    {
        var digest = SupervisionScenario.Assign(new ProcessSpec { Name = "web", Executable = "/bin/web" }).Digest;
        var run = new ProcessRun(Run, SandboxPhase.Main, 1, 1, digest, 0, 1, by);
        ProcessState With(ProcessState s) => s with { LastRun = run, LastExit = new SandboxExit(1, false, Noon), Since = Noon };
        yield return ("idle stopped", ProcessState.New);
        yield return ("idle completed", With(new ProcessState.Idle(IdleWhy.Completed)));
        yield return ("idle failed", With(new ProcessState.Idle(IdleWhy.Failed)));
        yield return ("idle not permitted", With(new ProcessState.Idle(IdleWhy.NotPermitted)) with { Detail = PermitSample.Why });
        yield return ("idle refused", With(new ProcessState.Idle(IdleWhy.NotPermitted, PermitSample.Grant.Id)) with { Detail = "root says no" });
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
        yield return ("start refused", new ProcessCommand.StartAnswered(Run, new StartOutcome.Failed(new StartFailure(StartFailureCode.PrivilegeRefused, "root says no"))));
        yield return ("start overtaken", new ProcessCommand.StartAnswered(Run, new StartOutcome.Failed(new StartFailure(StartFailureCode.Superseded, "too late"))));
        yield return ("seen running", new ProcessCommand.Seen(Run, new SandboxView.Running(Identity)));
        yield return ("seen differing", new ProcessCommand.Seen(Run, new SandboxView.Running(Identity, "CapEff")));
        yield return ("seen exited", new ProcessCommand.Seen(Run, new SandboxView.Exited(new SandboxExit(1, false, Noon))));
        yield return ("seen absent", new ProcessCommand.Seen(Run, new SandboxView.Absent()));
        yield return ("unhealthy", new ProcessCommand.HealthSeen(Run, Health.Unhealthy, "refused"));
        yield return ("rung over", new ProcessCommand.RungOver(Run, 0));
        yield return ("hindered", new ProcessCommand.Hindered(Run, "no answer"));
        yield return ("restart due", new ProcessCommand.RestartDue());
    }
}
