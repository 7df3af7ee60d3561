using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Fleet.Host.RootTasks;

/// <summary>A recording of what a task writes, as every asciicast player reads it (asciicast v2: a header, then a line for each piece).</summary>
internal sealed class Recording : IDisposable
{
    private const int Width = 80, Height = 24;

    private readonly StreamWriter file;
    private readonly TimeProvider time;
    private readonly long began;

    // A character may be cut in two by a read; each stream keeps its own rest.
    private readonly Decoder stdout = Encoding.UTF8.GetDecoder(), stderr = Encoding.UTF8.GetDecoder();

    /// <exception cref="IOException">It cannot be written.</exception>
    public Recording(string path, string title, TimeProvider time)
    {
        this.time = time;
        began = time.GetTimestamp();
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        file = new StreamWriter(File.Create(path)) { NewLine = "\n" };
        file.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $$"""{"version": 2, "width": {{Width}}, "height": {{Height}}, "timestamp": {{time.GetUtcNow().ToUnixTimeSeconds()}}, "title": {{Quoted(title)}}}"""));
    }

    public void Write(bool isError, byte[] bytes)
    {
        var decoder = isError ? stderr : stdout;
        var text = new char[decoder.GetCharCount(bytes, flush: false)];
        decoder.GetChars(bytes, text, flush: false);
        var seconds = time.GetElapsedTime(began).TotalSeconds;

        // No terminal was there to turn a line feed into a new line; a player's is.
        file.WriteLine(string.Create(CultureInfo.InvariantCulture, $"[{seconds:0.000000}, \"o\", {Quoted(new string(text).ReplaceLineEndings("\r\n"))}]"));
    }

    public void Dispose() => file.Dispose();

    private static string Quoted(string text) => $"\"{JsonEncodedText.Encode(text)}\"";
}
