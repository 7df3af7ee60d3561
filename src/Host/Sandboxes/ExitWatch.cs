using System.Collections.Concurrent;
using Fleet.Sandboxes;

namespace Fleet.Host.Sandboxes;

/// <summary>
/// Tells of exit files as conmon renames them into place. It may tell of one twice: a listener asks
/// for the truth. When the kernel's queue overflows, all files there are told of.
/// </summary>
internal sealed class ExitWatch : IDisposable
{
    private readonly Dictionary<string, FileSystemWatcher> watchers = [];
    private readonly ConcurrentDictionary<object, Action<RunId>> listeners = new();

    /// <summary>Watches a folder too, if it is there. Idempotent.</summary>
    public void Add(string folder)
    {
        lock (watchers)
        {
            if (watchers.ContainsKey(folder) || !Directory.Exists(folder))
            {
                return;
            }

            var watcher = new FileSystemWatcher(folder) { NotifyFilter = NotifyFilters.FileName, InternalBufferSize = 64 * 1024 };
            watcher.Created += (_, e) => Tell(e.Name);
            watcher.Renamed += (_, e) => Tell(e.Name);
            watcher.Error += (_, _) => TellAll(folder);
            watcher.EnableRaisingEvents = true;
            watchers[folder] = watcher;
        }
    }

    /// <summary>
    /// Whether it is the name under which conmon writes an exit file before it renames it: the run's, a dot, and six capitals or digits. No run is named so:
    /// a run's name ends with twelve hex digits.
    /// </summary>
    public static bool IsTemporary(string? name) =>
        name is { Length: > 7 } && name[^7] == '.' && name[^6..].All(c => char.IsAsciiDigit(c) || char.IsAsciiLetterUpper(c));

    public IDisposable Listen(Action<RunId> listener)
    {
        var key = new object();
        listeners[key] = listener;
        return new Subscription(() => listeners.TryRemove(key, out _));
    }

    public void Dispose()
    {
        lock (watchers)
        {
            watchers.Values.ToList().ForEach(watcher => watcher.Dispose());
        }
    }

    private void TellAll(string folder)
    {
        foreach (var file in Directory.EnumerateFiles(folder))
        {
            Tell(Path.GetFileName(file));
        }
    }

    private void Tell(string? name)
    {
        if (!IsTemporary(name) && RunId.TryParse(name, out var run))
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
