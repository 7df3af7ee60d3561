using System.Globalization;

namespace Fleet.RootHelper.RootTasks;

/// <summary>
/// How many refusals there were in an hour. Whoever may connect can be refused as often as they like: by that alone nobody shall fill root's disk, without which
/// nothing is granted any more. What ran, or was taken away, is always written down.
/// </summary>
/// <param name="Hour">From 1970 on.</param>
internal readonly record struct Refusals(long Hour, long Count)
{
    /// <summary>That the log takes in an hour: some 200 kB.</summary>
    public const int Most = 300;

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

    public void Keep(string path) => File.WriteAllText(path, string.Create(CultureInfo.InvariantCulture, $"{Hour} {Count}"));
}
