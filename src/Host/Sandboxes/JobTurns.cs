using System.Collections.Concurrent;
using Fleet.Jobs;

namespace Fleet.Host.Sandboxes;

/// <summary>
/// Of one job there are either starts, any number at once, or the return of its slice. Here and not only at who asks: that actor may fail and come back
/// while a return that it asked for goes on. A start waits for the return, which soon ends; a return does not wait for starts.
/// </summary>
internal sealed class JobTurns
{
    private readonly KeyedLock<JobId> returns = new();
    private readonly ConcurrentDictionary<JobId, int> starts = new();

    /// <returns>Dispose it when what the start made can be seen by others, or is undone.</returns>
    public async Task<IDisposable> Start(JobId job)
    {
        using var none = await returns.Hold(job);
        starts.AddOrUpdate(job, 1, (_, count) => count + 1);
        return new Turn(() => End(job));
    }

    /// <returns>Null: the job is being started.</returns>
    public async Task<IDisposable?> TryReturn(JobId job)
    {
        var held = await returns.Hold(job);
        if (!starts.ContainsKey(job))
        {
            return held;
        }

        held.Dispose();
        return null;
    }

    // The last one's count goes with it, so that they do not grow with all jobs that ever were.
    private void End(JobId job)
    {
        if (starts.AddOrUpdate(job, 0, (_, count) => count - 1) == 0)
        {
            starts.TryRemove(KeyValuePair.Create(job, 0));
        }
    }

    private sealed class Turn(Action end) : IDisposable
    {
        public void Dispose() => end();
    }
}
