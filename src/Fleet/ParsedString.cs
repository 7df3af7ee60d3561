using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fleet;

/// <summary>A value type that is one string in JSON, on the command line and in paths.</summary>
public interface IParsedString<T>
    where T : struct, IParsedString<T>
{
    static abstract T Parse(string text);

    static abstract bool TryParse(string? text, [MaybeNullWhen(false)] out T value);
}

/// <summary>Reads and writes an <see cref="IParsedString{T}"/> as a JSON string, and as the name of a member.</summary>
public sealed class ParsedStringConverter<T> : JsonConverter<T>
    where T : struct, IParsedString<T>
{
    /// <exception cref="JsonException">The string breaks the type's rule.</exception>
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Parse(reader.GetString());

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString());

    public override T ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Parse(reader.GetString());

    public override void WriteAsPropertyName(Utf8JsonWriter writer, [DisallowNull] T value, JsonSerializerOptions options) =>
        writer.WritePropertyName(value.ToString()!);

    private static T Parse(string? text) =>
        T.TryParse(text, out var value) ? value : throw new JsonException($"'{text}' is not a {typeof(T).Name}");
}
