namespace Fleet.Host.Sandboxes;

/// <summary>One holder per key at a time. A key that nobody holds or waits for is forgotten, so that it does not grow with all runs that ever were.</summary>
internal sealed class KeyedLock<TKey>
    where TKey : notnull
{
    private readonly Dictionary<TKey, Entry> entries = [];

    /// <returns>Dispose it to let go.</returns>
    public async Task<IDisposable> Hold(TKey key, CancellationToken cancel = default)
    {
        var entry = Enter(key);
        try
        {
            await entry.Free.WaitAsync(cancel);
        }
        catch
        {
            Leave(key, entry);
            throw;
        }

        return new Held(() =>
        {
            entry.Free.Release();
            Leave(key, entry);
        });
    }

    /// <summary>Keys that are held or waited for.</summary>
    public int Count
    {
        get
        {
            lock (entries)
            {
                return entries.Count;
            }
        }
    }

    private Entry Enter(TKey key)
    {
        lock (entries)
        {
            var entry = entries.TryGetValue(key, out var there) ? there : entries[key] = new Entry();
            entry.Users++;
            return entry;
        }
    }

    private void Leave(TKey key, Entry entry)
    {
        lock (entries)
        {
            if (--entry.Users == 0)
            {
                entries.Remove(key);
            }
        }
    }

    private sealed class Entry
    {
        public SemaphoreSlim Free { get; } = new(1);

        public int Users { get; set; }
    }

    private sealed class Held(Action letGo) : IDisposable
    {
        public void Dispose() => letGo();
    }
}
