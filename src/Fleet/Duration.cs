using System.Globalization;

namespace Fleet;

/// <summary>Durations as people write them: a number and one of ms, s, m, h, d, such as <c>20s</c> or <c>1.5h</c>.</summary>
public static class Duration
{
    public const string Rule = "a duration is a number and one of ms, s, m, h, d, such as 20s";

    private static readonly (string Suffix, double Seconds)[] Units = [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600), ("d", 86400)];

    public static bool TryParse(string? text, out TimeSpan duration)
    {
        duration = default;
        foreach (var (suffix, seconds) in Units)
        {
            if (text?.EndsWith(suffix, StringComparison.Ordinal) == true
                && double.TryParse(text[..^suffix.Length], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
                && number * seconds < TimeSpan.MaxValue.TotalSeconds / 2)
            {
                duration = TimeSpan.FromSeconds(number * seconds);
                return true;
            }
        }

        return false;
    }

    /// <summary>The shortest exact text in one unit: 90 s is <c>90s</c>, 120 s is <c>2m</c>.</summary>
    public static string Format(TimeSpan duration)
    {
        var ms = (long)duration.TotalMilliseconds;
        return ms switch
        {
            0 => "0s",
            _ when ms % 86_400_000 == 0 => $"{ms / 86_400_000}d",
            _ when ms % 3_600_000 == 0 => $"{ms / 3_600_000}h",
            _ when ms % 60_000 == 0 => $"{ms / 60_000}m",
            _ when ms % 1000 == 0 => $"{ms / 1000}s",
            _ => $"{ms}ms",
        };
    }
}
