using System.Collections.Immutable;

namespace Fleet.Client.Jobs;

/// <summary>A map's entries as they come: keys are text and stand once; <c>&lt;&lt;</c> merges maps as BPM's parser does (YAML merge type: what is written wins).</summary>
internal sealed class YamlMapBuilder(YamlMark mark, string path, MistakeList mistakes)
{
    private readonly ImmutableArray<YamlEntry>.Builder entries = ImmutableArray.CreateBuilder<YamlEntry>();
    private readonly Dictionary<string, YamlMark> seen = new(StringComparer.Ordinal);
    private readonly List<YamlNode> merges = [];

    public static string Join(string path, string key) => path.Length > 0 ? $"{path}.{key}" : key;

    public void Add(YamlNode key, YamlNode value)
    {
        if (key is not YamlNode.Scalar text)
        {
            mistakes.Add(key.Mark, path, $"a key is text; got {key.Kind}");
        }
        else if (text is { Plain: true, Text: "<<" })
        {
            merges.Add(value);
        }
        else if (!seen.TryAdd(text.Text, text.Mark))
        {
            mistakes.Add(text.Mark, Join(path, text.Text), $"a key stands once in a map; '{text.Text}' is there already at line {seen[text.Text].Line}");
        }
        else
        {
            entries.Add(new YamlEntry(text, Placed(value, text)));
        }
    }

    public YamlNode.Map Build()
    {
        foreach (var merged in merges.SelectMany(Flat))
        {
            if (merged is YamlNode.Map map)
            {
                entries.AddRange(map.Entries.Where(e => seen.TryAdd(e.Key.Text, e.Key.Mark)));
            }
            else
            {
                mistakes.Add(merged.Mark, Join(path, "<<"), $"<< merges a map or a list of maps; got {merged.Kind}");
            }
        }

        return new YamlNode.Map(mark, entries.ToImmutable());
    }

    private static IEnumerable<YamlNode> Flat(YamlNode value) => value is YamlNode.List list ? list.Items : [value];

    // The parser puts an empty value wherever the next thing begins; for people it is missing at its key.
    private static YamlNode Placed(YamlNode value, YamlNode.Scalar key) => value is YamlNode.Scalar { Plain: true, Text: "" } empty ? empty with { Mark = key.Mark } : value;
}
