using Akka.Configuration;

namespace Fleet.Host.Agent;

/// <summary>The values of a configuration by their keys below <c>fleet</c>. All methods throw <see cref="SettingsException"/> for one that breaks a rule.</summary>
/// <param name="file">As the messages name it.</param>
internal sealed class SettingValues(Config fleet, string file)
{
    public string Text(string key) => fleet.GetString(key);

    /// <param name="otherwise">Of a key that is empty.</param>
    public string Text(string key, string otherwise) => Text(key) is { Length: > 0 } text ? text : otherwise;

    public IList<string> List(string key) => fleet.GetStringList(key);

    public int Number(string key) => fleet.GetInt(key);

    public string Path(string key, string otherwise = "")
    {
        var path = Text(key, otherwise);
        Require(path.StartsWith('/'), key, path, "an absolute path");
        return path;
    }

    public TimeSpan Time(string key)
    {
        var time = fleet.GetTimeSpan(key, null, allowInfinite: false);
        Require(time > TimeSpan.Zero, key, Text(key), "longer than 0");
        return time;
    }

    public long Bytes(string key)
    {
        var bytes = Size(key) ?? 0;
        Require(bytes >= 64 * 1024, key, Text(key), "at least 64KiB");
        return bytes;
    }

    public int Keep(string key)
    {
        var valid = int.TryParse(Text(key), out var keep) && keep is >= 1 and <= 1000;
        Require(valid, key, Text(key), "1 to 1000");
        return keep;
    }

    public void Require(bool holds, string key, string value, string rule)
    {
        if (!holds)
        {
            throw new SettingsException($"{file}: fleet.{key} is '{value}'; it must be {rule}");
        }
    }

    private long? Size(string key)
    {
        try
        {
            return fleet.GetByteSize(key);
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
