using System.Collections.Concurrent;
using System.Collections.Immutable;
using Fleet.Actors.Sandboxes;
using Fleet.Hosts;
using Fleet.Processes;
using Fleet.Sandboxes;

namespace Fleet.Bench.Journal;

/// <summary>Sandboxes in memory, so that what is measured is the record and not the kernel. What is started ends at once, while <see cref="Ending"/>.</summary>
internal sealed class EndingSandboxes : ISandboxes, IDisposable
{
    private readonly ConcurrentDictionary<RunId, SandboxExit> ended = new();

    public bool Ending { get; set; }

    public Task<StartOutcome> Start(SandboxRequest request, CancellationToken cancel)
    {
        if (Ending)
        {
            ended[request.Run] = new SandboxExit(1, false, TimeProvider.System.GetUtcNow());
        }

        return Task.FromResult<StartOutcome>(new StartOutcome.Started(new SandboxIdentity(request.Run, Guid.Empty, 1, 1)));
    }

    public Task<string?> Signal(SandboxIdentity identity, StopSignal signal) => Task.FromResult<string?>(null);

    public Task<SandboxView> Inspect(RunId run) => Task.FromResult<SandboxView>(
        ended.TryGetValue(run, out var exit) ? new SandboxView.Exited(exit) : new SandboxView.Running(new SandboxIdentity(run, Guid.Empty, 1, 1)));

    public Task Remove(RunId run)
    {
        ended.TryRemove(run, out _);
        return Task.CompletedTask;
    }

    public Task<ExecResult> Exec(SandboxIdentity identity, ProcessSpec spec, ImmutableArray<string> command, TimeSpan timeout) =>
        Task.FromResult(new ExecResult(0, ""));

    public Task<ImmutableArray<RunId>> List() => Task.FromResult(ImmutableArray<RunId>.Empty);

    public IDisposable OnExit(Action<RunId> listener) => this;

    public SandboxUsage? Usage(RunId run) => null;

    public Task<KernelView?> Look(RunId run) => Task.FromResult<KernelView?>(null);

    public int Slices => 256;

    public Task<SliceReturn> ReturnSlice(ImmutableArray<SliceOf> idle) => Task.FromResult(new SliceReturn(null, []));

    public void Dispose()
    {
    }
}
