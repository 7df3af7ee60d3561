using System.Collections.Immutable;
using Fleet.Processes;
using Fleet.Sandboxes;

namespace Fleet.Actors.Sandboxes;

/// <summary>
/// Sandboxes of which only so many start at once: more than twice the cores at a time adds latency and no throughput (measured; docs/benchmarks.md).
/// </summary>
public sealed class GatedSandboxes(ISandboxes inner, int startsAtOnce) : ISandboxes, IDisposable
{
    private readonly SemaphoreSlim gate = new(startsAtOnce);

    public async Task<StartOutcome> Start(SandboxRequest request, CancellationToken cancel)
    {
        await gate.WaitAsync(cancel);
        try
        {
            return await inner.Start(request, cancel);
        }
        finally
        {
            gate.Release();
        }
    }

    public void Signal(SandboxIdentity identity, StopSignal signal) => inner.Signal(identity, signal);

    public Task<SandboxView> Inspect(RunId run) => inner.Inspect(run);

    public Task Remove(RunId run) => inner.Remove(run);

    public Task<ExecResult> Exec(SandboxIdentity identity, ProcessSpec spec, ImmutableArray<string> command, TimeSpan timeout) =>
        inner.Exec(identity, spec, command, timeout);

    public Task<ImmutableArray<RunId>> List() => inner.List();

    public IDisposable OnExit(Action<RunId> listener) => inner.OnExit(listener);

    public SandboxUsage? Usage(RunId run) => inner.Usage(run);

    public void Dispose() => gate.Dispose();
}
