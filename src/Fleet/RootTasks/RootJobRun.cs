using Fleet.Grants;
using Fleet.Jobs;
using Fleet.Processes;
using Fleet.Sandboxes;

namespace Fleet.RootTasks;

/// <summary>What the root helper keeps of a job's process that it started, in a folder of root's, for as long as anything of it is left.</summary>
/// <param name="Document">Of the grant's exact bytes.</param>
/// <param name="Over">When it is ended by root, whatever the agent does: the grant's end and the time that the process has to stop. Null: it may go on.</param>
/// <param name="Declared">What it is to have.</param>
/// <param name="Why">Why root has ended it; null: it has not.</param>
/// <param name="Agent">The uid that asked for it, and may end it though there is no policy any more.</param>
/// <param name="BootId">Of the boot in which it was begun: with that it is gone.</param>
/// <param name="Pid">Null: nothing of it has run yet. With <paramref name="StartTicks"/> (proc(5), starttime) it is nobody else.</param>
/// <param name="Begun">Its program runs, or has. A start that was cut off before is ended by who finds it.</param>
/// <param name="IsLogging">Its end is being written into the root log: it may be there.</param>
/// <param name="IsLogged">Its end is in the root log.</param>
public sealed record RootJobRun(
    GrantId Grant, Digest Document, RunId Run, JobId Job, string Process, SandboxPhase Phase, DateTimeOffset? Over, KernelView Declared, Guid BootId, int Agent,
    int? Pid = null, ulong StartTicks = 0, bool Begun = false, bool IsLogging = false, bool IsLogged = false, RootEnd? Why = null)
{
    /// <summary>The longest that a process may take to stop after its grant is over.</summary>
    public static readonly TimeSpan LongestStop = TimeSpan.FromSeconds(60);

    /// <summary>The cgroup of all such processes, at the top of the hierarchies; a run's own is below it.</summary>
    public const string Cgroup = "fleet-jobs";

    /// <summary>The part of a run's cgroup that has its limits, and that counts.</summary>
    public static string Limited(RunId run) => $"{run}/limited";

    /// <summary>When a process under this grant is ended by root.</summary>
    public static DateTimeOffset? OverAt(GrantDocument grant, ProcessSpec process)
    {
        var ladder = process.Stop ?? StopLadder.Bpm(process.ShutdownSignal);
        var stop = TimeSpan.FromTicks(Math.Min(LongestStop.Ticks, ladder.Rungs.Sum(rung => rung.Wait.Ticks)));
        return grant.PrivilegedJob?.AtEnd == AtEnd.KeepRunning ? null : grant.NotAfter + stop;
    }
}
