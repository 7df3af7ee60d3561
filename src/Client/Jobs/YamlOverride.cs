using System.Text.RegularExpressions;

namespace Fleet.Client.Jobs;

/// <summary><c>--set KEY=VALUE</c> on the tree, before it is read: what is set is checked as if it stood in the file.</summary>
internal sealed partial class YamlOverride(string key, string value, MistakeList mistakes)
{
    private readonly YamlMark mark = YamlMark.Start($"--set {key}");

    public static YamlNode Apply(YamlNode root, IReadOnlyDictionary<string, string> set, MistakeList mistakes) =>
        set.Aggregate(root, (tree, pair) => new YamlOverride(pair.Key, pair.Value, mistakes).Apply(tree));

    private YamlNode Apply(YamlNode root)
    {
        var steps = Steps().Matches(key).Select(m => m.Value.TrimStart('.')).ToArray();
        if (steps.Length is 0 or > YamlTree.MaxDepth || string.Concat(Steps().Matches(key).Select(m => m.Value)) != key)
        {
            mistakes.Add(mark, "", $"--set takes a path of keys, such as processes.redis.limits.memory=1G or processes[0].args[1]=x; got '{key}'");
            return root;
        }

        return Replace(root, steps, 0);
    }

    private YamlNode Replace(YamlNode node, string[] steps, int depth)
    {
        if (depth == steps.Length)
        {
            return new YamlNode.Scalar(mark, value, Plain: true);
        }

        return node switch
        {
            YamlNode.Map map => InMap(map, steps, depth),
            YamlNode.List list => InList(list, steps, depth),
            _ when IsMissing(node) && !steps[depth].StartsWith('[') => InMap(new YamlNode.Map(mark, []), steps, depth),
            _ => Lost(node, steps, depth),
        };
    }

    private YamlNode InMap(YamlNode.Map map, string[] steps, int depth)
    {
        var found = map.Entries.FirstOrDefault(e => e.Key.Text == steps[depth]);
        var before = found?.Value ?? new YamlNode.Scalar(mark, "", Plain: true);
        var entry = new YamlEntry(found?.Key ?? new YamlNode.Scalar(mark, steps[depth], Plain: false), Replace(before, steps, depth + 1));
        return new YamlNode.Map(map.Mark, found is null ? map.Entries.Add(entry) : map.Entries.Replace(found, entry));
    }

    // A process is found by its name, anything else in a list by its index.
    private YamlNode InList(YamlNode.List list, string[] steps, int depth)
    {
        var index = int.TryParse(steps[depth].Trim('[', ']'), out var number) && steps[depth].StartsWith('[') ? number : list.Items.ToList().FindIndex(i => IsNamed(i, steps[depth]));
        return index >= 0 && index < list.Items.Length
            ? new YamlNode.List(list.Mark, list.Items.SetItem(index, Replace(list.Items[index], steps, depth + 1)))
            : Lost(list, steps, depth);
    }

    private YamlNode Lost(YamlNode node, string[] steps, int depth)
    {
        mistakes.Add(mark, "", $"--set found nothing at '{steps[depth]}' of '{key}': there is {node.Kind} at {node.Mark.File}:{node.Mark.Line}");
        return node;
    }

    private static bool IsMissing(YamlNode node) => node is YamlNode.Scalar { IsNull: true };

    private static bool IsNamed(YamlNode node, string name) =>
        node is YamlNode.Map map && map.Entries.Any(e => e.Key.Text == "name" && e.Value is YamlNode.Scalar s && s.Text == name);

    [GeneratedRegex(@"\G(?:(?:^|\.)[^.\[\]]+|\[[0-9]{1,6}\])")]
    private static partial Regex Steps();
}
