using System.Runtime.CompilerServices;

namespace Fleet.Host.Logs;

/// <summary>
/// Reads processes' output for people: raw bytes as UTF-8 (what is no character shows as U+FFFD), lines above 64 KiB in pieces of that size.
/// Runs in the agent, beside the rotator, whose cuts it follows.
/// </summary>
public static class LogReader
{
    /// <summary>A tail looks back at most so far, in bytes, whatever number of lines is asked.</summary>
    public const long MostTail = 16 * 1024 * 1024;

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);

    /// <summary>The last lines, oldest first, through rotated files where the live one has fewer. Empty: there is no such log.</summary>
    /// <exception cref="LogRefusedException">Something else than a log stands there.</exception>
    public static IReadOnlyList<string> Tail(string path, int lines)
    {
        using var view = LogView.TryOpen(path);
        return view is null || lines <= 0 ? [] : TailOf(view, lines);
    }

    /// <summary>
    /// The last <paramref name="lines"/> lines and then all that follow, as they are completed, until it is cancelled. No line is missed or
    /// repeated across a rotation, between the tail and what follows, or when the file comes into being only later.
    /// </summary>
    public static async IAsyncEnumerable<string> Follow(string path, [EnumeratorCancellation] CancellationToken cancel, int lines = 0)
    {
        var first = true;
        while (true)
        {
            using var view = await Open(path, cancel);
            var position = !first ? view.Log.LiveStart : view.Waited ? view.Log.Start : TailStart(view.Log, lines);
            first = false;
            var cutter = new LineCutter();
            await foreach (var bytes in Bytes(view.Log, position, cancel))
            {
                foreach (var line in cutter.Feed(bytes))
                {
                    yield return line;
                }
            }

            if (cutter.Rest() is { } rest)
            {
                yield return rest;
            }
        }
    }

    private static async Task<Opened> Open(string path, CancellationToken cancel)
    {
        for (var waited = false; ; waited = true)
        {
            if (LogView.TryOpen(path) is { } view)
            {
                return new Opened(view, waited);
            }

            await Task.Delay(Poll, cancel);
        }
    }

    // Ends when another file took the log's name and this one is read to its end.
    private static async IAsyncEnumerable<ReadOnlyMemory<byte>> Bytes(LogView view, long position, [EnumeratorCancellation] CancellationToken cancel)
    {
        var buffer = new byte[LineCutter.MaxLine];
        while (true)
        {
            var replaced = view.IsReplaced;
            var read = view.Read(ref position, buffer);
            if (read > 0)
            {
                yield return buffer.AsMemory(0, read);
            }
            else if (replaced)
            {
                yield break;
            }
            else
            {
                await Task.Delay(Poll, cancel);
            }
        }
    }

    private static List<string> TailOf(LogView view, int lines)
    {
        var end = view.End;
        var kept = new Queue<string>();
        var cutter = new LineCutter();
        var buffer = new byte[LineCutter.MaxLine];
        for (var position = TailStart(view, lines); position < end;)
        {
            var read = view.Read(ref position, buffer.AsSpan(0, (int)Math.Min(buffer.Length, end - position)));
            if (read == 0)
            {
                break;
            }

            Keep(cutter.Feed(buffer.AsMemory(0, read)));
        }

        Keep(cutter.Rest() is { } rest ? [rest] : []);
        return [.. kept];

        void Keep(IEnumerable<string> more)
        {
            foreach (var line in more)
            {
                kept.Enqueue(line);
                if (kept.Count > lines)
                {
                    kept.Dequeue();
                }
            }
        }
    }

    // Looks backwards for the beginning of the last lines; 64 KiB without a newline count as a line.
    private static long TailStart(LogView view, int lines)
    {
        var end = view.End;
        if (lines <= 0)
        {
            return end;
        }

        var oldest = Math.Max(view.Start, end - MostTail);
        var buffer = new byte[LineCutter.MaxLine];
        var scan = new BackwardScan(lines);
        for (var to = end; to > oldest;)
        {
            var from = Math.Max(oldest, to - buffer.Length);
            Fill(view, from, buffer.AsSpan(0, (int)(to - from)));
            if (scan.Take(buffer.AsSpan(0, (int)(to - from))) is { } at)
            {
                return from + at;
            }

            to = from;
        }

        return oldest;
    }

    private static void Fill(LogView view, long from, Span<byte> buffer)
    {
        for (var read = 1; buffer.Length > 0 && read > 0; buffer = buffer[read..])
        {
            read = view.Read(ref from, buffer);
        }
    }

    private sealed record Opened(LogView Log, bool Waited) : IDisposable
    {
        public void Dispose() => Log.Dispose();
    }
}
