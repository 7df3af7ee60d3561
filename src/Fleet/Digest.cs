using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json.Serialization;

namespace Fleet;

/// <summary>A SHA-256 of some content, written <c>sha256:</c> and 64 lower-case hex digits (the OCI image specification's form).</summary>
[JsonConverter(typeof(ParsedStringConverter<Digest>))]
public readonly record struct Digest : IParsedString<Digest>
{
    private const string Prefix = "sha256:";

    private Digest(string hex) => Hex = hex;

    public string Hex { get; }

    public static Digest Of(ReadOnlySpan<byte> content) => new(Convert.ToHexStringLower(Sha256.HashData(content)));

    /// <summary>Of all that was appended, which is then at its end.</summary>
    public static Digest Of(Sha256 content) => new(Convert.ToHexStringLower(content.End()));

    public static Digest Of(string text) => Of(Encoding.UTF8.GetBytes(text));

    public static Digest Parse(string text) =>
        TryParse(text, out var digest) ? digest : throw new FormatException($"'{text}' is not a digest: sha256: and 64 lower-case hex digits");

    public static bool TryParse(string? text, [MaybeNullWhen(false)] out Digest digest)
    {
        var valid = text is { Length: 71 } && text.StartsWith(Prefix, StringComparison.Ordinal) && text.AsSpan(7).IndexOfAnyExcept("0123456789abcdef") < 0;
        digest = valid ? new Digest(text![7..]) : default;
        return valid;
    }

    /// <summary>The first twelve hex digits: enough for a person to tell two apart.</summary>
    public string Short => Hex[..12];

    public override string ToString() => Prefix + Hex;
}
