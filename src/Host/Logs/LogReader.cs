using System.Runtime.CompilerServices;

namespace Fleet.Host.Logs;

// Stands in for the real reader until it is merged.
public static class LogReader
{
    public static IReadOnlyList<string> Tail(string path, int lines) => File.Exists(path) ? [.. File.ReadLines(path).TakeLast(lines)] : [];

    public static async IAsyncEnumerable<string> Follow(string path, [EnumeratorCancellation] CancellationToken cancel, int lines = 0)
    {
        var seen = File.Exists(path) ? File.ReadLines(path).Count() : 0;
        seen = Math.Max(0, seen - lines);
        while (!cancel.IsCancellationRequested)
        {
            await Task.Delay(50, cancel);
            foreach (var line in (File.Exists(path) ? File.ReadLines(path) : []).Skip(seen))
            {
                seen++;
                yield return line;
            }
        }
    }
}
