using System.Collections.Immutable;

namespace Fleet.Client.Jobs;

/// <summary>
/// A value of the job file at its path, to be read as what its key says. A wrong type is told and answered with null, as is a value that is not
/// there or is null (BPM's parser leaves the default in both cases), so that reading goes on and finds the other mistakes.
/// </summary>
internal sealed class Field
{
    private readonly FieldReading reading;
    private readonly YamlNode? node;

    public Field(FieldReading reading, string path, YamlNode? node, YamlMark mark)
    {
        (this.reading, Path, this.node, Mark) = (reading, path, node is YamlNode.Scalar { IsNull: true } ? null : node, mark);
        if (node is not null)
        {
            reading.Place(path, mark);
        }
    }

    public string Path { get; }

    public YamlMark Mark { get; }

    public bool IsSet => node is not null;

    public bool IsText => node is YamlNode.Scalar;

    public bool IsMap => node is YamlNode.Map;

    public void Wrong(string message) => reading.Mistakes.Add(Mark, Path, message);

    /// <summary>The text of any scalar, whatever it might mean elsewhere.</summary>
    public string? Text() => node switch
    {
        null => null,
        YamlNode.Scalar scalar => scalar.Text,
        _ => Expected<string>("text"),
    };

    public bool Flag() => Scalar<bool>("true or false, without quotes", YamlScalars.Bool) ?? false;

    public decimal? Whole(decimal least, decimal most) => Scalar<decimal>(
        least < 0 ? "a whole number, without quotes" : $"a whole number from {least} to {most}, without quotes",
        s => YamlScalars.Whole(s) is { } number && number >= least && number <= most ? number : null);

    public int? Int() => (int?)Whole(int.MinValue, int.MaxValue);

    public decimal? Fraction() => Scalar<decimal>("a number such as 0.5 or 2", s => s.Text.StartsWith('-') ? null : YamlScalars.Fraction(s));

    public TimeSpan? Duration() => Scalar<TimeSpan>(Fleet.Duration.Rule, s => Fleet.Duration.TryParse(s.Text, out var duration) ? duration : (TimeSpan?)null);

    /// <summary>The items; what is null among them is left out, as BPM's parser does.</summary>
    public ImmutableArray<Field> Items(bool keepNull = false)
    {
        if (node is not YamlNode.List list)
        {
            return node is null ? [] : [.. Expected<Field[]>("a list") ?? []];
        }

        return [.. list.Items.Where(item => keepNull || item is not YamlNode.Scalar { IsNull: true }).Select((item, i) => new Field(reading, $"{Path}[{i}]", item, item.Mark))];
    }

    public ImmutableArray<string> Texts() => [.. Items().Select(item => item.Text() ?? "")];

    /// <summary>The values at the known keys; unknown keys are told with the nearest known one.</summary>
    public Fields Keys(ImmutableArray<string> known, ImmutableArray<string> refused = default)
    {
        var entries = Entries();
        foreach (var key in entries.Keys.Where(k => !known.Contains(k)))
        {
            var message = !refused.IsDefault && refused.Contains(key)
                ? $"'{key}' is not supported yet on a single host; remove it"
                : $"unknown key '{key}'{NearestWord.Hint(key, known)}";
            reading.Mistakes.Add(entries[key].KeyMark, YamlMapBuilder.Join(Path, key), message);
        }

        return new Fields(this, entries.ToDictionary(e => e.Key, e => e.Value.Value));
    }

    /// <summary>All entries of a map whose keys are free, such as env.</summary>
    public IReadOnlyDictionary<string, (YamlMark KeyMark, Field Value)> Entries()
    {
        if (node is not YamlNode.Map map)
        {
            _ = node is null ? null : Expected<string>("a map");
            return ImmutableDictionary<string, (YamlMark, Field)>.Empty;
        }

        return map.Entries.ToDictionary(
            e => e.Key.Text,
            e => (e.Key.Mark, new Field(reading, YamlMapBuilder.Join(Path, e.Key.Text), e.Value, e.Value.Mark)),
            StringComparer.Ordinal);
    }

    /// <summary>The same key, given on the command line.</summary>
    public Field From(string option) => new(reading, Path, node, YamlMark.Start(option));

    public Field Missing(string key) => new(reading, YamlMapBuilder.Join(Path, key), null, Mark);

    private T? Scalar<T>(string expected, Func<YamlNode.Scalar, T?> read)
        where T : struct =>
        node is null ? null : node is YamlNode.Scalar scalar && read(scalar) is { } value ? value : Refuse<T>(expected);

    private T? Refuse<T>(string expected)
        where T : struct
    {
        Expected<string>(expected);
        return null;
    }

    private T? Expected<T>(string expected)
        where T : class
    {
        Wrong($"expected {expected}; got {node!.Kind}");
        return null;
    }
}

/// <summary>The known keys of one map; a key that is not there is a <see cref="Field"/> that is not set.</summary>
internal sealed class Fields(Field map, Dictionary<string, Field> present)
{
    public Field this[string key] => present.TryGetValue(key, out var field) ? field : map.Missing(key);
}

/// <summary>What one reading shares: its mistakes, and where each value stands, for rules that speak of values by their path.</summary>
internal sealed class FieldReading(MistakeList mistakes)
{
    private readonly Dictionary<string, YamlMark> marks = new(StringComparer.Ordinal);

    public MistakeList Mistakes => mistakes;

    public void Place(string path, YamlMark mark) => marks[path] = mark;

    /// <summary>Of the value, or of the nearest that holds it.</summary>
    public YamlMark MarkOf(string path)
    {
        while (!marks.ContainsKey(path) && path.Length > 0)
        {
            path = path[..Math.Max(0, path.LastIndexOfAny(['.', '[']))];
        }

        return marks[path];
    }
}
