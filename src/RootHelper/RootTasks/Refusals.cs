using System.Globalization;

namespace Fleet.RootHelper.RootTasks;

/// <summary>
/// How many refusals there were in an hour. Whoever may connect can be refused as often as they like: by that alone nobody shall fill root's disk, without which
/// nothing is granted any more. What ran, or was taken away, is always written down.
/// </summary>
/// <param name="Hour">From 1970 on.</param>
internal readonly record struct Refusals(long Hour, long Count)
{
    /// <summary>That the log takes in an hour: less than 1 MB, with <see cref="LongestDetail"/>.</summary>
    public const int Most = 300;

    /// <summary>Characters of what a refusal says in the log. Who asked is told all of it.</summary>
    public const int LongestDetail = 500;

    /// <summary>Refusals that are in no log.</summary>
    public long Omitted => Math.Max(0, Count - Most);

    public DateTimeOffset Begin => DateTimeOffset.FromUnixTimeSeconds(Hour * 3600);

    public static long HourOf(DateTimeOffset at) => at.ToUnixTimeSeconds() / 3600;

    /// <summary>None where there is no such file, or what is in it was cut off.</summary>
    public static Refusals Read(string path)
    {
        var words = File.Exists(path) ? File.ReadAllText(path).Split(' ') : [];
        return words is [var hour, var count] && long.TryParse(hour, CultureInfo.InvariantCulture, out var h) && long.TryParse(count, CultureInfo.InvariantCulture, out var c)
            ? new Refusals(h, c)
            : default;
    }

    public Refusals OneMore(DateTimeOffset at) => new(HourOf(at), HourOf(at) == Hour ? Count + 1 : 1);

    /// <summary>Where there is no room for it, there is none for the log either, and that is said by who writes it.</summary>
    public void Keep(string path)
    {
        try
        {
            File.WriteAllText($"{path}.part", string.Create(CultureInfo.InvariantCulture, $"{Hour} {Count}"));
            File.Move($"{path}.part", path, overwrite: true);
        }
        catch (IOException e)
        {
            Operator.Tell($"refusals cannot be counted: {e.Message}");
        }
    }
}
