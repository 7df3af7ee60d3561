using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace Fleet.Grants;

/// <summary>A grant's name for ever: <c>g-</c> and 16 lower-case hex digits. It is a file's name in the root helper's folder of uses, so nothing else is one.</summary>
[JsonConverter(typeof(ParsedStringConverter<GrantId>))]
public readonly record struct GrantId : IParsedString<GrantId>
{
    public const string Rule = "a grant's id is g- and 16 lower-case hex digits";

    private const string Prefix = "g-";

    private GrantId(string text) => Text = text;

    public string Text { get; }

    /// <summary>The 64 low bits of a UUIDv7, all but two of them random. A grant that has the id already refuses a second one.</summary>
    public static GrantId Of(Guid unique) => new(Prefix + unique.ToString("N")[16..]);

    /// <exception cref="FormatException">The text breaks the rule above.</exception>
    public static GrantId Parse(string text) => TryParse(text, out var id) ? id : throw new FormatException($"'{text}' is not a grant: {Rule}");

    public static bool TryParse(string? text, [MaybeNullWhen(false)] out GrantId id)
    {
        var valid = text is { Length: 18 } && text.StartsWith(Prefix, StringComparison.Ordinal) && text.AsSpan(2).IndexOfAnyExcept("0123456789abcdef") < 0;
        id = valid ? new GrantId(text!) : default;
        return valid;
    }

    public override string ToString() => Text;
}
