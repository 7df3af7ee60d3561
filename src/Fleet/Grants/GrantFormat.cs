using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

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

    /// <summary>JSON that people can read, one member a line, of ASCII alone: what else a text holds is escaped, and cannot drive a terminal or turn a line around.</summary>
    public static byte[] Write(GrantDocument document)
    {
        using var buffer = new MemoryStream(1024);
        var options = new JsonWriterOptions { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        using (var writer = new Utf8JsonWriter(buffer, options))
        {
            JsonSerializer.Serialize(writer, document, RootJson.Default.GrantDocument);
        }

        var text = new StringBuilder();
        foreach (var c in Encoding.UTF8.GetString(buffer.ToArray()))
        {
            _ = c <= '~' ? text.Append(c) : text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
        }

        return Encoding.ASCII.GetBytes(text.Append('\n').ToString());
    }

    /// <summary>
    /// Strict: what <see cref="Write"/> would have written otherwise is refused, for bytes that say the same can look like something else to whoever signs them;
    /// so are unknown, missing and duplicate members, and what breaks a rule.
    /// </summary>
    public static GrantReading Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > Longest)
        {
            return Refuse($"a grant has at most {Longest} bytes, not {bytes.Length}");
        }

        try
        {
            var document = Decode(bytes);
            return GrantRules.Check(document) is { IsEmpty: false } mistakes ? new GrantReading.Refused(mistakes)
                : bytes.SequenceEqual(Write(document)) ? new GrantReading.Read(document)
                : Refuse("a grant has one form, to the byte: that which fleet root request writes");
        }
        catch (JsonException e)
        {
            return new GrantReading.Refused([new Mistake(e.Path ?? "", $"not a grant: {e.Message}")]);
        }
    }

    /// <summary>What was read well once, by the rules of then: a ledger's grants stay what they were when a rule changes.</summary>
    /// <exception cref="JsonException">Not a grant.</exception>
    public static GrantDocument Decode(ReadOnlySpan<byte> bytes) =>
        JsonSerializer.Deserialize(bytes, RootJson.Default.GrantDocument) ?? throw new JsonException("a grant is an object, not null");

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
