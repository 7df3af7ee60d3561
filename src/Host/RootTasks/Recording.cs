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
    private char last;

    // A character may be cut in two by a read; each stream keeps its own rest.
    private readonly Decoder stdout = Encoding.UTF8.GetDecoder(), stderr = Encoding.UTF8.GetDecoder();

    /// <exception cref="IOException">It cannot be written.</exception>
    public Recording(string path, string title, TimeProvider time)
    {
        this.time = time;
        began = time.GetTimestamp();
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        file = new StreamWriter(new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read)) { NewLine = "\n", AutoFlush = true };
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

        file.WriteLine(string.Create(CultureInfo.InvariantCulture, $"[{seconds:0.000000}, \"o\", {Quoted(OnTerminal(text))}]"));
    }

    // No terminal was there to return the carriage at a line feed; where the task did it itself, nothing is added.
    private string OnTerminal(char[] text)
    {
        var shown = new StringBuilder(text.Length + 16);
        foreach (var c in text)
        {
            _ = c == '\n' && last != '\r' ? shown.Append("\r\n") : shown.Append(c);
            last = c;
        }

        return shown.ToString();
    }

    public void Dispose() => file.Dispose();

    private static string Quoted(string text) => $"\"{JsonEncodedText.Encode(text)}\"";
}
