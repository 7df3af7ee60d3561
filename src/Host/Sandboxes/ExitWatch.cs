using System.Collections.Concurrent;
using Fleet.Hosts;
using Fleet.Sandboxes;

namespace Fleet.Host.Sandboxes;

/// <summary>
/// Tells of exit files as conmon renames them into place. It may tell of one twice, and of names that are no run (conmon's own temporary ones): a listener
/// asks for the truth. When the kernel's queue overflows, all files there are told of.
/// </summary>
internal sealed class ExitWatch : IDisposable
{
    private readonly string folder;
    private readonly FileSystemWatcher watcher;
    private readonly ConcurrentDictionary<object, Action<RunId>> listeners = new();

    public ExitWatch(HostPaths paths)
    {
        folder = paths.Exits;
        watcher = new FileSystemWatcher(folder) { NotifyFilter = NotifyFilters.FileName, InternalBufferSize = 64 * 1024 };
        watcher.Created += (_, e) => Tell(e.Name);
        watcher.Renamed += (_, e) => Tell(e.Name);
        watcher.Error += (_, _) => TellAll();
        watcher.EnableRaisingEvents = true;
    }

    public IDisposable Listen(Action<RunId> listener)
    {
        var key = new object();
        listeners[key] = listener;
        return new Subscription(() => listeners.TryRemove(key, out _));
    }

    public void Dispose() => watcher.Dispose();

    private void TellAll()
    {
        foreach (var file in Directory.EnumerateFiles(folder))
        {
            Tell(Path.GetFileName(file));
        }
    }

    private void Tell(string? name)
    {
        if (RunId.TryParse(name, out var run))
        {
            foreach (var listener in listeners.Values)
            {
                listener(run);
            }
        }
    }

    private sealed class Subscription(Action end) : IDisposable
    {
        public void Dispose() => end();
    }
}
