using System.Text.Json;
using Fleet.Client.Api;

namespace Fleet.Client.Cli;

/// <summary>Plays an asciicast v2 at the speed at which it was written; nobody waits for more than two seconds at a time.</summary>
internal static class Player
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);

    /// <exception cref="CliException">It is no such recording.</exception>
    public static async Task Play(string cast, TextWriter output, CancellationToken cancel)
    {
        var at = TimeSpan.Zero;
        foreach (var line in cast.Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1))
        {
            var (time, text) = Read(line);
            var pause = time - at;
            await Task.Delay(pause > LongestPause ? LongestPause : pause < TimeSpan.Zero ? TimeSpan.Zero : pause, cancel);
            output.Write(text);
            output.Flush();
            at = time;
        }
    }

    private static (TimeSpan At, string Text) Read(string line)
    {
        try
        {
            using var parsed = JsonDocument.Parse(line);
            return (TimeSpan.FromSeconds(parsed.RootElement[0].GetDouble()), parsed.RootElement[2].GetString() ?? "");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or IndexOutOfRangeException)
        {
            throw new CliException(ErrorCodes.Failed, $"the recording is no asciicast: {e.Message}");
        }
    }
}
