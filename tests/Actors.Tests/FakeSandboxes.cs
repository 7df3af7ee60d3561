using System.Collections.Concurrent;
using System.Collections.Immutable;
using Fleet.Actors.Sandboxes;
using Fleet.Hosts;
using Fleet.Jobs;
using Fleet.Processes;
using Fleet.Sandboxes;

namespace Fleet.Actors.Tests;

/// <summary>
/// Sandboxes in memory, for what needs thousands of them or a death at will.
/// </summary>
internal sealed class FakeSandboxes : ISandboxes
{
    private readonly ConcurrentDictionary<RunId, SandboxView> runs = new();
    private readonly ConcurrentBag<Action<RunId>> listeners = [];
    private int pid = 1000;

    public ConcurrentQueue<SandboxRequest> Started { get; } = new();

    public ConcurrentQueue<(RunId Run, StopSignal Signal)> Signals { get; } = new();

    public ConcurrentQueue<RunId> Removed { get; } = new();

    /// <summary>What a start answers; null: it succeeds.</summary>
    public Func<SandboxRequest, StartOutcome?> OnStart { get; set; } = _ => null;

    /// <summary>Called before each look; may throw, as a host out of descriptors does.</summary>
    public Action<RunId> OnInspect { get; set; } = _ => { };

    /// <summary>Which signals end the process.</summary>
    public Func<StopSignal, bool> Obeys { get; set; } = _ => true;

    public Task<StartOutcome> Start(SandboxRequest request, CancellationToken cancel)
    {
        if (OnStart(request) is { } outcome)
        {
            return Task.FromResult(outcome);
        }

        var identity = new SandboxIdentity(request.Run, Guid.Empty, Interlocked.Increment(ref pid), 1);
        if (runs.TryAdd(request.Run, new SandboxView.Running(identity)))
        {
            Started.Enqueue(request);
        }

        return Task.FromResult<StartOutcome>(new StartOutcome.Started(runs[request.Run] is SandboxView.Running r ? r.Identity : identity));
    }

    /// <summary>Why a signal cannot be sent, as where root's helper does not answer; null: it can.</summary>
    public Func<StopSignal, string?> OnSignal { get; set; } = _ => null;

    /// <summary>Called before each removal; may throw.</summary>
    public Action<RunId> OnRemove { get; set; } = _ => { };

    public Task<string?> Signal(SandboxIdentity identity, StopSignal signal)
    {
        if (OnSignal(signal) is { } failure)
        {
            return Task.FromResult<string?>(failure);
        }

        Signals.Enqueue((identity.Run, signal));
        if (runs.TryGetValue(identity.Run, out var view) && view is SandboxView.Running running && running.Identity == identity && Obeys(signal))
        {
            End(identity.Run, 128 + (int)signal);
        }

        return Task.FromResult<string?>(null);
    }

    /// <summary>The process ends by itself, and the listeners are woken.</summary>
    public void End(RunId run, int code, bool oom = false)
    {
        runs[run] = new SandboxView.Exited(new SandboxExit(code, oom, DateTimeOffset.UtcNow));
        foreach (var listener in listeners)
        {
            listener(run);
        }
    }

    /// <summary>A reboot: nothing is left, and nobody is woken.</summary>
    public void Reboot() => runs.Clear();

    /// <summary>A run that no journal knows.</summary>
    public void Leave(RunId run) => runs[run] = new SandboxView.Exited(new SandboxExit(0, false, DateTimeOffset.UtcNow));

    public async Task<SandboxView> Inspect(RunId run)
    {
        await Task.Yield();
        OnInspect(run);
        return runs.GetValueOrDefault(run, new SandboxView.Absent());
    }

    public async Task Remove(RunId run)
    {
        await Task.Yield();
        OnRemove(run);
        Removed.Enqueue(run);
        runs.TryRemove(run, out _);
    }

    public Task<ExecResult> Exec(SandboxIdentity identity, ProcessSpec spec, ImmutableArray<string> command, TimeSpan timeout) =>
        Task.FromResult(new ExecResult(0, ""));

    public Task<ImmutableArray<RunId>> List() => Task.FromResult(runs.Keys.ToImmutableArray());

    public IDisposable OnExit(Action<RunId> listener)
    {
        listeners.Add(listener);
        return new Subscription();
    }

    public SandboxUsage? Usage(RunId run) => null;

    public Task<KernelView?> Look(RunId run) => Task.FromResult<KernelView?>(null);

    /// <summary>The kernel's view of what runs comes to differ from what was declared, or, with null, no longer does.</summary>
    public void Differ(RunId run, string? difference)
    {
        runs[run] = runs[run] is SandboxView.Running running ? running with { Difference = difference } : throw new InvalidOperationException($"{run} does not run");
        foreach (var listener in listeners)
        {
            listener(run);
        }
    }

    public int Slices { get; set; } = 256;

    /// <summary>What a stopped job keeps on the host; null: nothing.</summary>
    public Func<JobId, string?> Kept { get; set; } = _ => null;

    /// <summary>Those that were looked at, each time.</summary>
    public ConcurrentQueue<ImmutableArray<SliceOf>> Idle { get; } = new();

    /// <summary>Waited for before an answer.</summary>
    public Task Returning { get; set; } = Task.CompletedTask;

    public async Task<SliceReturn> ReturnSlice(ImmutableArray<SliceOf> idle)
    {
        Idle.Enqueue(idle);
        await Returning;
        return new SliceReturn(
            idle.FirstOrDefault(s => Kept(s.Job) is null), [.. idle.TakeWhile(s => Kept(s.Job) is not null).Select(s => new HeldSlice(s.Job, Kept(s.Job)!))]);
    }

    private sealed class Subscription : IDisposable
    {
        public void Dispose()
        {
        }
    }
}
