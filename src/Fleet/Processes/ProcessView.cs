using System.Diagnostics;
using Fleet.Hosts;
using Fleet.Sandboxes;

namespace Fleet.Processes;

/// <summary>A process's state in the words that people and control read.</summary>
public static class ProcessView
{
    public static ProcessStatus Of(ProcessState state, Assignment wanted)
    {
        var (run, pid) = state switch
        {
            ProcessState.Starting s => (s.Run, (int?)null),
            ProcessState.Running s => (s.Run, s.Identity.Pid),
            ProcessState.Stopping s => (s.Run, s.Identity.Pid),
            _ => (null, null),
        };
        var version = run is not null && run.Digest != wanted.Digest ? run.Version : wanted.Version;
        var restarts = Math.Max(0, (run ?? state.LastRun)?.Attempt - 1 ?? 0);
        var health = state is ProcessState.Running { Health: var seen } ? seen : Health.Unknown;
        return new ProcessStatus(PhaseOf(state), version, state.Since, pid, run?.Id, restarts, health, state.LastExit, state.Detail, run?.Grant, (state as ProcessState.Running)?.Difference);
    }

    private static ProcessPhase PhaseOf(ProcessState state) => state switch
    {
        ProcessState.Idle { Why: IdleWhy.Stopped } => ProcessPhase.Stopped,
        ProcessState.Idle { Why: IdleWhy.Completed } => ProcessPhase.Completed,
        ProcessState.Idle => ProcessPhase.Failed,
        ProcessState.Starting { Run.Phase: SandboxPhase.PreStart } or ProcessState.Running { Run.Phase: SandboxPhase.PreStart } => ProcessPhase.PreStart,
        ProcessState.Starting => ProcessPhase.Starting,
        ProcessState.Running => ProcessPhase.Running,
        ProcessState.Stopping => ProcessPhase.Stopping,
        ProcessState.Waiting { CrashLooping: true } => ProcessPhase.CrashLooping,
        ProcessState.Waiting or ProcessState.Between => ProcessPhase.Waiting,
        _ => throw new UnreachableException($"{state.GetType()} is not a state of a process"),
    };
}
