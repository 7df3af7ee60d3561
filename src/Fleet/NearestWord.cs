using System.Collections.Immutable;

namespace Fleet;

/// <summary>The known word that somebody probably meant.</summary>
public static class NearestWord
{
    // A hostile word of a megabyte must not cost its length times every known word's.
    private const int LongestCompared = 64;

    /// <summary>The nearest of <paramref name="known"/> by Levenshtein distance without case; null where none is near enough to be a slip of the hand.</summary>
    public static string? Of(string word, IEnumerable<string> known)
    {
        if (word.Length > LongestCompared)
        {
            return null;
        }

        var limit = Math.Max(2, word.Length / 3);
        var (nearest, distance) = known
            .Where(k => Math.Abs(k.Length - word.Length) <= limit)
            .Select(k => (Word: k, Distance: Distance(word.ToLowerInvariant(), k.ToLowerInvariant())))
            .DefaultIfEmpty((Word: "", Distance: int.MaxValue))
            .MinBy(pair => pair.Distance);
        return distance <= limit && distance < nearest.Length ? nearest : null;
    }

    /// <summary><c>; did you mean 'x'?</c>, or, where nothing is near, all that is known.</summary>
    public static string Hint(string word, ImmutableArray<string> known) =>
        Of(word, known) is { } nearest ? $"; did you mean '{nearest}'?" : $"; known are: {string.Join(", ", known)}";

    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, 1 + Math.Min(row[j], row[j - 1]));
            }
        }

        return row[^1];
    }
}
