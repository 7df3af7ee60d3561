using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace Fleet.Client.Jobs;

/// <summary>Collects mistakes, bounded: a hostile file of a megabyte must not be answered with a hundred.</summary>
internal sealed class MistakeList
{
    private const int Most = 200;
    private const int LongestMessage = 600;
    private readonly List<FileMistake> mistakes = [];
    private int left;

    public void Add(YamlMark mark, string path, string message)
    {
        if (mistakes.Count == Most)
        {
            left++;
            return;
        }

        mistakes.Add(new FileMistake(mark.File, mark.Line, mark.Column, Printable(path), Printable(message)));
    }

    public bool Any => mistakes.Count > 0;

    /// <summary>Whether a value at or above this path is wrong already, so that what follows from it need not be told too.</summary>
    public bool Covers(string path) => mistakes.Any(m => m.Path.Length > 0 && path.StartsWith(m.Path, StringComparison.Ordinal)
        && (path.Length == m.Path.Length || path[m.Path.Length] is '.' or '['));

    public ImmutableArray<FileMistake> Sorted()
    {
        var sorted = mistakes.OrderBy(m => m.Line).ThenBy(m => m.Column).ToList();
        if (left > 0)
        {
            sorted.Add(sorted[^1] with { Path = "", Message = $"and {left} more mistakes" });
        }

        return [.. sorted];
    }

    /// <summary>What a terminal can show without obeying it: control and format characters (also those that turn text around) are escaped.</summary>
    private static string Printable(string text)
    {
        var shown = new StringBuilder();
        var shortened = text.Length > LongestMessage ? $"{text[..(LongestMessage / 2)]}...{text[^(LongestMessage / 2)..]}" : text;
        foreach (var rune in shortened.EnumerateRunes())
        {
            var hidden = Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format
                or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
            shown.Append(hidden ? $"\\u{rune.Value:x4}" : rune.ToString());
        }

        return shown.ToString();
    }
}
