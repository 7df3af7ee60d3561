using System.Text;
using Fleet.Client.Linux;

namespace Fleet.Host.Hosts;

/// <summary>A line of sudoers(5) or doas.conf(5): its comment is cut off, and what a backslash continues is joined to it.</summary>
/// <param name="Number">Of the first of the lines that it was joined from.</param>
internal sealed record ConfigLine(string File, int Number, string Text)
{
    public string Place => $"{File}:{Number}";

    public string Short => Text.Length > 60 ? Text[..59] + "…" : Text;

    /// <exception cref="IOException">It cannot be read.</exception>
    public static List<ConfigLine> Of(string file)
    {
        using var text = new StreamReader(new FileStream(Libc.OpenRegularFile(file), FileAccess.Read));
        var lines = new List<ConfigLine>();
        var (joined, first, number) = (new StringBuilder(), 0, 0);
        while (text.ReadLine() is { } line)
        {
            number++;
            first = joined.Length == 0 ? number : first;
            var cut = Uncommented(line);
            var goesOn = cut.Length == line.Length && cut.TrimEnd().EndsWith('\\'); // A comment is not continued.
            joined.Append(goesOn ? cut.TrimEnd()[..^1] + ' ' : cut);
            if (!goesOn)
            {
                lines.Add(new(file, first, joined.ToString().Trim()));
                joined.Clear();
            }
        }

        lines.Add(new(file, first, joined.ToString().Trim()));
        return [.. lines.Where(line => line.Text.Length > 0)];
    }

    // '#' and digits are a user's or group's number in sudoers, and #include is none either.
    private static string Uncommented(string line)
    {
        var quoted = false;
        for (var i = 0; i < line.Length; i++)
        {
            switch (line[i])
            {
                case '\\':
                    i++;
                    break;
                case '"':
                    quoted = !quoted;
                    break;
                case '#' when !quoted && !(i + 1 < line.Length && char.IsAsciiDigit(line[i + 1])) && !line.AsSpan(i).StartsWith("#include"):
                    return line[..i];
            }
        }

        return line;
    }
}
