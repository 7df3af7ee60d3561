using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using YamlDotNet.RepresentationModel;

namespace Fleet.Client.Tests.Jobs;

/// <summary>YAML as an editor's schema plugin sees it: the JSON of YAML 1.2's core schema, with anchors and merges expanded.</summary>
internal static class YamlAsJson
{
    public static JsonElement Read(string path)
    {
        var stream = new YamlStream();
        using var reader = new StreamReader(path);
        stream.Load(reader);
        return JsonSerializer.SerializeToElement(Convert(stream.Documents[0].RootNode));
    }

    private static JsonNode? Convert(YamlNode node) => node switch
    {
        YamlMappingNode map => Map(map),
        YamlSequenceNode list => new JsonArray([.. list.Children.Select(Convert)]),
        YamlScalarNode { Style: YamlDotNet.Core.ScalarStyle.Plain } scalar => Plain(scalar.Value ?? ""),
        YamlScalarNode scalar => JsonValue.Create(scalar.Value),
        _ => throw new NotSupportedException($"{node.NodeType}"),
    };

    private static JsonObject Map(YamlMappingNode map)
    {
        var json = new JsonObject();
        foreach (var (key, value) in map.Children.OrderBy(c => ((YamlScalarNode)c.Key).Value == "<<" ? 0 : 1))
        {
            if (((YamlScalarNode)key).Value == "<<")
            {
                Map((YamlMappingNode)value).ToList().ForEach(m => json[m.Key] = m.Value?.DeepClone());
            }
            else
            {
                json[((YamlScalarNode)key).Value!] = Convert(value);
            }
        }

        return json;
    }

    private static JsonValue? Plain(string text) => text switch
    {
        "" or "~" or "null" or "Null" or "NULL" => null,
        "true" or "True" or "TRUE" => JsonValue.Create(true),
        "false" or "False" or "FALSE" => JsonValue.Create(false),
        _ when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && !text.Any(char.IsAsciiLetterUpper) && double.IsFinite(number) => JsonValue.Create(number),
        _ => JsonValue.Create(text),
    };
}
