using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Fleet.Client.Api;
using Fleet.Host.Logs;
using Fleet.Hosts;
using Fleet.Jobs;
using Fleet.Processes;

namespace Fleet.Host.Api;

/// <summary>The logs of some processes of one job, read as they stand in BPM's files.</summary>
public sealed class JobLogs(HostPaths paths, JobId job, ImmutableArray<string> processes, bool stderr)
{
    private string Stream => stderr ? "stderr" : "stdout";

    /// <summary>The last <paramref name="lines"/> of each process, one process after the other; then, with <paramref name="follow"/>, all as they come.</summary>
    public async IAsyncEnumerable<LogLine> Read(int lines, bool follow, [EnumeratorCancellation] CancellationToken cancel)
    {
        if (!follow)
        {
            foreach (var line in processes.SelectMany(process => LogReader.Tail(PathOf(process), lines).Select(text => Line(process, text))))
            {
                yield return line;
            }

            yield break;
        }

        await foreach (var line in Merged(lines, cancel))
        {
            yield return line;
        }
    }

    // Bounded, so that a reader that has stopped reading stops the following as well, and does not fill the agent's memory.
    private async IAsyncEnumerable<LogLine> Merged(int lines, [EnumeratorCancellation] CancellationToken cancel)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var merged = Channel.CreateBounded<LogLine>(64);
        var all = Task.WhenAll(processes.Select(process => Pump(process, lines, merged.Writer, stop.Token)));
        try
        {
            await foreach (var line in merged.Reader.ReadAllAsync(cancel))
            {
                yield return line;
            }
        }
        finally
        {
            await stop.CancelAsync();
            await all.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task Pump(string process, int lines, ChannelWriter<LogLine> merged, CancellationToken stop)
    {
        try
        {
            await foreach (var text in LogReader.Follow(PathOf(process), stop, lines))
            {
                await merged.WriteAsync(Line(process, text), stop);
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            merged.TryComplete(e);
        }
    }

    private LogLine Line(string process, string text) => new(process, Stream, text);

    private string PathOf(string process) => stderr ? paths.Stderr(new ProcessId(job, process)) : paths.Stdout(new ProcessId(job, process));
}
