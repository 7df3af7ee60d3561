using System.Diagnostics;
using Akka.Actor;
using Fleet.Actors.Telemetry;
using Fleet.Grants;
using Fleet.Processes;
using Fleet.Sandboxes;

namespace Fleet.Actors.Processes;

// Starts and signals the sandbox, and keeps the trace in which it does.
internal sealed partial class ProcessActor
{
    private ActivityContext trace;
    private Activity? stopping;

    private void Start(ProcessDuty.StartSandbox duty)
    {
        var run = duty.Run;
        var permit = grants.At(Recorder.Now);
        if (run.Digest == wanted.Digest && wanted.Run && permit is not Permit.Missing && permit.GrantId == run.Grant)
        {
            StartSandbox(run, (permit as Permit.Granted)?.Grant);
        }
        else
        {
            Supersede(run).PipeTo(Self, success: outcome => new ProcessCommand.StartAnswered(run.Id, outcome), failure: e => new Tried(duty, run.Id, e.GetBaseException().Message));
        }
    }

    // The agent was killed after the intent, and something else is wanted or granted by now: what runs already is taken up (and then replaced or stopped by its
    // ladder), what does not is never begun, for it would run with another version's specification.
    private async Task<StartOutcome> Supersede(ProcessRun run)
    {
        if (await ports.Sandboxes.Inspect(run.Id) is SandboxView.Running running)
        {
            return new StartOutcome.Started(running.Identity);
        }

        await ports.Sandboxes.Remove(run.Id);
        return new StartOutcome.Failed(new StartFailure(StartFailureCode.Superseded, "another version or a stop was asked for, or its grant ended, before it was started"));
    }

    private void StartSandbox(ProcessRun run, JobGrant? grant)
    {
        var span = Spans.Begin(Spans.SandboxStart, trace, wanted.Correlation, PersistenceId)?.SetTag(Spans.Run, run.Id.ToString());
        trace = span?.Context ?? trace;
        var began = Stopwatch.GetTimestamp();
        var request = new SandboxRequest(run.Id, wanted.Process, wanted.Spec, run.Phase, wanted.Slice, wanted.Files, grant);
        ports.Sandboxes.Start(request, CancellationToken.None).PipeTo(Self, success: outcome =>
        {
            FleetMeter.StartDuration.Record(Stopwatch.GetElapsedTime(began).TotalSeconds);
            span.End((outcome as StartOutcome.Failed)?.Failure.Message);
            FleetMeter.Starts.Add(1, new KeyValuePair<string, object?>("outcome", outcome is StartOutcome.Started ? "started" : "failed"));
            return new ProcessCommand.StartAnswered(run.Id, outcome);
        });
    }

    // A signal that could not be sent is sent again while its rung lasts: a helper of root's that comes back in time still stops it by TERM, and not by KILL.
    private void Retry(Tried tried)
    {
        if (tried.Failure is not null && tried.Duty.Equals(performed))
        {
            Timers.StartSingleTimer("again", new Again(tried.Duty), TryEvery);
        }

        Learn(new ProcessCommand.Hindered(tried.Run, tried.Failure), trace);
    }

    // The last rung has no successor: should KILL itself be lost with its sender, it is repeated until the end is seen.
    private void Signal(ProcessDuty.Signal duty)
    {
        BeginStop(duty.Identity.Run);
        ports.Sandboxes.Signal(duty.Identity, duty.With).PipeTo(Self, success: failure => new Tried(duty, duty.Identity.Run, failure));
        if (duty.NextAt is { } next)
        {
            Timers.StartSingleTimer("rung", new ProcessCommand.RungOver(duty.Identity.Run, duty.Rung), Until(next));
        }
        else
        {
            Timers.StartSingleTimer("rung", new Again(duty), TimeSpan.FromSeconds(5));
        }
    }

    // From the first signal to the recorded end of the run, over all rungs.
    private void BeginStop(RunId run)
    {
        if (stopping is null)
        {
            stopping = Spans.Begin(Spans.SandboxStop, trace, wanted.Correlation, PersistenceId)?.SetTag(Spans.Run, run.ToString());
            trace = stopping?.Context ?? trace;
        }
    }

    // What is under way goes on in the trace that began it. What has come to rest, runs or waits, does not: what happens to it next, perhaps in a
    // month, is a trace of its own, or a crash loop would be one without an end.
    private void GoOnIn(ActivityContext led, bool news)
    {
        if (news)
        {
            trace = State is ProcessState.Starting or ProcessState.Stopping or ProcessState.Running { Run.Phase: SandboxPhase.PreStart } ? led : default;
        }
    }

    private static string SpanOf(ProcessCommand command) => command switch
    {
        ProcessCommand.Reconcile => Spans.ProcessReconcile,
        ProcessCommand.StartAnswered => Spans.ProcessStartAnswered,
        ProcessCommand.Seen => Spans.ProcessSeen,
        ProcessCommand.HealthSeen => Spans.ProcessHealthSeen,
        ProcessCommand.RungOver => Spans.ProcessRungOver,
        ProcessCommand.Hindered => Spans.ProcessHindered,
        ProcessCommand.RestartDue => Spans.ProcessRestartDue,
        _ => throw new UnreachableException($"{command.GetType()} is not a command on a process"),
    };
}
