using System.Collections.Immutable;
using System.Text.Json;
using Fleet.Processes;

namespace Fleet.Jobs;

/// <summary>What differs between two contents of a job, key by key, in the canonical form that is digested.</summary>
public static class JobDiff
{
    /// <summary>Processes are told apart by name and files by path, not by their place, so that a new first process does not change all others.</summary>
    public static ImmutableArray<KeyChange> Between(JobSpec before, JobSpec after) =>
        Compare(Keys(before), Keys(after), string.Join(", ", before.Processes.Select(p => p.Name)), string.Join(", ", after.Processes.Select(p => p.Name)));

    /// <summary>The keys of one process; a path starts with the process's own key, such as <c>limits.memory</c>.</summary>
    public static ImmutableArray<KeyChange> Between(ProcessSpec before, ProcessSpec after) => Compare(Keys(before, ""), Keys(after, ""));

    public static ImmutableArray<KeyChange> BetweenFiles(JobSpec before, JobSpec after) => Compare(FileKeys(before), FileKeys(after));

    private static ImmutableArray<KeyChange> Compare(
        SortedDictionary<string, string> before, SortedDictionary<string, string> after, string orderBefore = "", string orderAfter = "")
    {
        var changes = before.Keys.Union(after.Keys).Order(StringComparer.Ordinal)
            .Select(path => new KeyChange(path, before.GetValueOrDefault(path), after.GetValueOrDefault(path)))
            .Where(change => change.Before != change.After)
            .ToImmutableArray();

        // The order of the processes is part of the digest: where nothing else differs, it is what differs.
        return changes.IsEmpty && orderBefore != orderAfter ? [new KeyChange("processes (order)", orderBefore, orderAfter)] : changes;
    }

    private static SortedDictionary<string, string> Keys(JobSpec spec)
    {
        var keys = FileKeys(spec);
        keys["job"] = spec.Id.ToString();
        foreach (var (path, value) in spec.Processes.SelectMany(p => Keys(p, $"processes.{p.Name}.")))
        {
            keys[path] = value;
        }

        return keys;
    }

    private static SortedDictionary<string, string> FileKeys(JobSpec spec)
    {
        var keys = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var file in spec.Files)
        {
            keys[$"files.{file.Path}.mode"] = $"0{Convert.ToString(file.Mode, 8)}";
            keys[$"files.{file.Path}.content"] = file.Content.ToString();
        }

        return keys;
    }

    private static SortedDictionary<string, string> Keys(ProcessSpec spec, string prefix)
    {
        var keys = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var json = JsonSerializer.SerializeToElement(spec, FleetJson.Default.ProcessSpec);
        foreach (var member in json.EnumerateObject())
        {
            Flatten(prefix + member.Name, member.Value, keys);
        }

        return keys;
    }

    // Null and empty stand for "not set": they differ from nothing, and are not written.
    private static void Flatten(string path, JsonElement value, SortedDictionary<string, string> keys)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Null:
                break;
            case JsonValueKind.Object:
                foreach (var member in value.EnumerateObject())
                {
                    Flatten($"{path}.{member.Name}", member.Value, keys);
                }

                break;
            case JsonValueKind.Array:
                foreach (var (index, item) in value.EnumerateArray().Index())
                {
                    Flatten($"{path}[{index}]", item, keys);
                }

                break;
            default:
                keys[path] = value.ToString();
                break;
        }
    }
}

/// <param name="Path">Such as <c>processes.redis.limits.memory</c>.</param>
/// <param name="Before">Null: the key was not set.</param>
/// <param name="After">Null: the key is set no more.</param>
public sealed record KeyChange(string Path, string? Before, string? After);
