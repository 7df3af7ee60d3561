using System.Diagnostics;
using Fleet.Sandboxes;

namespace Fleet.Processes;

/// <summary>What the world still owes a process's state. It follows from state alone, so recovery and first time are one path.</summary>
public abstract record ProcessDuty
{
    private ProcessDuty()
    {
    }

    public sealed record StartSandbox(ProcessRun Run) : ProcessDuty;

    /// <summary>Learn of its end, and, for the main phase, ask after its health.</summary>
    public sealed record Watch(SandboxIdentity Identity, bool Probe) : ProcessDuty;

    /// <param name="NextAt">When the next rung is due; null on the last.</param>
    public sealed record Signal(SandboxIdentity Identity, int Rung, StopSignal With, DateTimeOffset? NextAt) : ProcessDuty;

    public sealed record WakeAt(DateTimeOffset At) : ProcessDuty;

    public sealed record Nothing : ProcessDuty;

    public static ProcessDuty Of(ProcessState state) => state switch
    {
        ProcessState.Idle or ProcessState.Between => new Nothing(),
        ProcessState.Starting s => new StartSandbox(s.Run),
        ProcessState.Running s => new Watch(s.Identity, s.Run.Phase == SandboxPhase.Main),
        ProcessState.Stopping s => new Signal(
            s.Identity, s.Rung, s.Ladder.Rungs[s.Rung].Signal, s.Rung + 1 < s.Ladder.Rungs.Length ? s.RungSince + s.Ladder.Rungs[s.Rung].Wait : null),
        ProcessState.Waiting s => new WakeAt(s.NotBefore),
        _ => throw new UnreachableException($"{state.GetType()} is not a state of a process"),
    };
}
