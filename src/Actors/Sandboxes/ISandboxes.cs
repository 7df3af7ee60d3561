using System.Collections.Immutable;
using Fleet.Hosts;
using Fleet.Processes;
using Fleet.Sandboxes;

namespace Fleet.Actors.Sandboxes;

/// <summary>
/// The host's sandboxes. All calls are thread-safe and idempotent by <see cref="RunId"/>: asked twice, they act once.
/// None throws for what a host can do wrong: that is an outcome. The agent may die inside any of them; <see cref="Inspect"/> tells afterwards.
/// </summary>
public interface ISandboxes
{
    /// <summary>
    /// Starts the run, or takes it up: if it runs already that is <see cref="StartOutcome.Started"/> with its identity.
    /// A half-made start of a killed agent is undone first. A run that has already exited is Started too (its exit is reported by <see cref="Inspect"/>).
    /// </summary>
    Task<StartOutcome> Start(SandboxRequest request, CancellationToken cancel);

    /// <summary>Signals PID 1 of the sandbox if, and only if, it is the identity's; otherwise nothing happens. KILL ends every process of the sandbox.</summary>
    /// <returns>Null, or why it could not be sent now; whoever wants it sent tries again.</returns>
    Task<string?> Signal(SandboxIdentity identity, StopSignal signal);

    Task<SandboxView> Inspect(RunId run);

    /// <summary>
    /// Ends whatever is left of the run and removes its container, bundle, cgroup and exit file. Call it only after the exit is persisted.
    /// </summary>
    Task Remove(RunId run);

    /// <summary>Runs a command in the running sandbox, as its user and with its limits; output is discarded but for the last 500 characters.</summary>
    Task<ExecResult> Exec(SandboxIdentity identity, ProcessSpec spec, ImmutableArray<string> command, TimeSpan timeout);

    /// <summary>All runs of which anything is left on this host: to find what no actor knows.</summary>
    Task<ImmutableArray<RunId>> List();

    /// <summary>
    /// Wakes whoever listens when a run has probably ended (conmon's exit file was renamed into place). Only a wake-up: the truth is <see cref="Inspect"/>.
    /// Called on any thread; a listener must not block. Disposing ends the subscription.
    /// </summary>
    IDisposable OnExit(Action<RunId> listener);

    /// <summary>How many jobs can have a slice of sub-ids here.</summary>
    int Slices { get; }

    /// <summary>
    /// Gives back the first of these slices that can be: of a job of which nothing runs, and nothing is kept. What is worth nothing without a run, such as
    /// its /tmp, is removed; its logs become the agent's; nothing that the slice's ids own is left. Nothing else is touched, so a job that is started
    /// again instead, also after a kill in the middle, has lost nothing.
    /// </summary>
    Task<SliceReturn> ReturnSlice(ImmutableArray<SliceOf> idle);

    /// <summary>What the kernel says of a run's main program; null where it is gone or cannot be read.</summary>
    Task<KernelView?> Look(RunId run);

    /// <summary>CPU time and memory of a run, from its cgroup; null where it is gone.</summary>
    SandboxUsage? Usage(RunId run);
}

/// <param name="ExitCode">Null: it did not end in time and was killed.</param>
public sealed record ExecResult(int? ExitCode, string OutputTail);

/// <param name="Cpu">Used since the start.</param>
/// <param name="MemoryBytes">Charged now.</param>
public sealed record SandboxUsage(TimeSpan Cpu, long MemoryBytes, int Processes);
