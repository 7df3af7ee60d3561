using System.Collections.Immutable;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;

namespace Fleet.Grants;

/// <summary>
/// The bytes of a grant, both ways: the one parser of whoever asks, shows, approves and executes. What is signed are these bytes; they are kept as they
/// came and never written again.
/// </summary>
public static class GrantFormat
{
    public const int Version = 1;

    /// <summary>Bytes of a document, at most: one frame to the root helper takes it with its signatures.</summary>
    public const int Longest = 32 * 1024;

    /// <summary>JSON that people can read, one member a line. Only for a document that is new.</summary>
    public static byte[] Write(GrantDocument document)
    {
        using var buffer = new MemoryStream(1024);
        var options = new JsonWriterOptions { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.Create(UnicodeRanges.BasicLatin) };
        using (var writer = new Utf8JsonWriter(buffer, options))
        {
            JsonSerializer.Serialize(writer, document, FleetJson.Default.GrantDocument);
        }

        buffer.WriteByte((byte)'\n');
        return buffer.ToArray();
    }

    /// <summary>Strict: unknown, missing and duplicate members, comments, trailing commas and what breaks a rule are refused.</summary>
    public static GrantReading Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > Longest)
        {
            return Refuse($"a grant has at most {Longest} bytes, not {bytes.Length}");
        }

        try
        {
            var document = JsonSerializer.Deserialize(bytes, FleetJson.Default.GrantDocument);
            return document is null ? Refuse("a grant is an object, not null")
                : GrantRules.Check(document) is { IsEmpty: false } mistakes ? new GrantReading.Refused(mistakes)
                : new GrantReading.Read(document);
        }
        catch (JsonException e)
        {
            return new GrantReading.Refused([new Mistake(e.Path ?? "", $"not a grant: {e.Message}")]);
        }
    }

    private static GrantReading.Refused Refuse(string message) => new([new Mistake("", message)]);
}

public abstract record GrantReading
{
    private GrantReading()
    {
    }

    public sealed record Read(GrantDocument Document) : GrantReading;

    public sealed record Refused(ImmutableArray<Mistake> Mistakes) : GrantReading;
}
