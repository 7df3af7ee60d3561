using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Fleet.Client.Tests.Jobs;

/// <summary>
/// JSON Schema (draft 2020-12), as much of it as schema/job.schema.json uses; any other keyword throws, so that none is passed over.
/// </summary>
internal sealed class MiniSchema(JsonElement root)
{
    private static readonly HashSet<string> Annotations = ["$schema", "$id", "$defs", "title", "description"];

    public IEnumerable<string> Errors(JsonElement instance) => Errors(root, instance, "");

    public JsonElement Definition(string name) => root.GetProperty("$defs").GetProperty(name);

    private IEnumerable<string> Errors(JsonElement schema, JsonElement instance, string at) => schema.EnumerateObject()
        .Where(keyword => !Annotations.Contains(keyword.Name))
        .SelectMany(keyword => keyword.Name switch
        {
            "$ref" => Errors(Definition(keyword.Value.GetString()!["#/$defs/".Length..]), instance, at),
            "anyOf" => Count(keyword.Value, instance) >= 1 ? [] : [$"{at}: none of anyOf"],
            "oneOf" => Count(keyword.Value, instance) == 1 ? [] : [$"{at}: not exactly one of oneOf"],
            "properties" or "items" or "additionalProperties" => Children(schema, keyword.Name, keyword.Value, instance, at),
            _ => Holds(keyword.Name, keyword.Value, instance) ? [] : (string[])[$"{at}: {keyword.Name} {Shorten(keyword.Value)}"],
        });

    private int Count(JsonElement schemas, JsonElement instance) => schemas.EnumerateArray().Count(s => !Errors(s, instance, "").Any());

    private IEnumerable<string> Children(JsonElement schema, string keyword, JsonElement value, JsonElement instance, string at) => (keyword, instance.ValueKind) switch
    {
        ("items", JsonValueKind.Array) => instance.EnumerateArray().SelectMany((item, i) => Errors(value, item, $"{at}[{i}]")),
        ("properties", JsonValueKind.Object) => value.EnumerateObject()
            .SelectMany(p => instance.TryGetProperty(p.Name, out var member) ? Errors(p.Value, member, $"{at}.{p.Name}") : []),
        ("additionalProperties", JsonValueKind.Object) => instance.EnumerateObject()
            .Where(m => !schema.TryGetProperty("properties", out var known) || !known.TryGetProperty(m.Name, out _))
            .SelectMany(m => value.ValueKind == JsonValueKind.False ? [$"{at}.{m.Name}: unknown"] : Errors(value, m.Value, $"{at}.{m.Name}")),
        _ => [],
    };

    private static bool Holds(string keyword, JsonElement value, JsonElement instance) => (keyword, instance.ValueKind) switch
    {
        ("type", _) => value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().Any(t => IsType(t, instance)) : IsType(value, instance),
        ("enum", _) => value.EnumerateArray().Any(e => JsonElement.DeepEquals(e, instance)),
        ("required", JsonValueKind.Object) => value.EnumerateArray().All(name => instance.TryGetProperty(name.GetString()!, out _)),
        ("pattern", JsonValueKind.String) => Regex.IsMatch(instance.GetString()!, value.GetString()!, RegexOptions.ECMAScript),
        ("minLength", JsonValueKind.String) => instance.GetString()!.Length >= value.GetInt32(),
        ("minItems", JsonValueKind.Array) => instance.GetArrayLength() >= value.GetInt32(),
        ("maxItems", JsonValueKind.Array) => instance.GetArrayLength() <= value.GetInt32(),
        ("minimum", JsonValueKind.Number) => instance.GetDouble() >= value.GetDouble(),
        ("maximum", JsonValueKind.Number) => instance.GetDouble() <= value.GetDouble(),
        ("required" or "pattern" or "minLength" or "minItems" or "maxItems" or "minimum" or "maximum", _) => true,
        _ => throw new NotSupportedException($"this checker knows no keyword {keyword}; teach it"),
    };

    private static bool IsType(JsonElement type, JsonElement instance) => (type.GetString(), instance.ValueKind) switch
    {
        ("object", JsonValueKind.Object) or ("array", JsonValueKind.Array) or ("string", JsonValueKind.String) or ("number", JsonValueKind.Number) => true,
        ("boolean", JsonValueKind.True or JsonValueKind.False) or ("null", JsonValueKind.Null) => true,
        ("integer", JsonValueKind.Number) => instance.GetDouble() % 1 == 0,
        _ => false,
    };

    private static string Shorten(JsonElement value) => string.Create(CultureInfo.InvariantCulture, $"{value.GetRawText()[..Math.Min(60, value.GetRawText().Length)]}");
}
