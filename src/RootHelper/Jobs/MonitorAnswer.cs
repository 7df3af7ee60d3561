using System.Diagnostics;
using System.Text.Json;
using Fleet.RootHelper.Linux;
using Microsoft.Win32.SafeHandles;

namespace Fleet.RootHelper.Jobs;

/// <summary>The one line by which a monitor says what it began, as conmon does (its _OCI_SYNCPIPE).</summary>
/// <param name="Pid">Null: it began nothing.</param>
/// <param name="StartTicks">Of that process (proc(5), starttime), where the monitor says it: one may have ended before anybody else can look.</param>
/// <param name="Line">As it was said.</param>
internal sealed record MonitorAnswer(int? Pid, ulong? StartTicks, string Line)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static string Of(int pid, ulong ticks) => $"{{\"pid\": {pid}, \"ticks\": {ticks}}}\n";

    /// <summary>Up to its line feed: who holds the other end holds it for the container's whole life.</summary>
    public static MonitorAnswer Read(SafeFileHandle pipe)
    {
        var (line, block, clock) = (new MemoryStream(), new byte[4096], Stopwatch.StartNew());
        while (!line.GetBuffer().AsSpan(0, (int)line.Length).Contains((byte)'\n'))
        {
            Span<Waiting> on = [Waiting.On(pipe, Sockets.In)];
            Sockets.Wait(on, Math.Max(0, (int)(Patience - clock.Elapsed).TotalMilliseconds));
            var count = on[0].Ready == 0 ? 0 : Libc.Read(pipe, block, block.Length);
            if (count <= 0)
            {
                break;
            }

            line.Write(block, 0, (int)count);
        }

        return Parse(System.Text.Encoding.UTF8.GetString(line.ToArray()).Trim());
    }

    // {"pid": N} or {"data": N}; of a failure a number that is not positive, and perhaps a message.
    private static MonitorAnswer Parse(string line)
    {
        try
        {
            using var answer = JsonDocument.Parse(line);
            var number = answer.RootElement.TryGetProperty("pid", out var pid) || answer.RootElement.TryGetProperty("data", out pid) ? pid.GetInt32() : 0;
            return new MonitorAnswer(number > 0 ? number : null, answer.RootElement.TryGetProperty("ticks", out var ticks) ? ticks.GetUInt64() : null, line);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            return new MonitorAnswer(null, null, line);
        }
    }
}
