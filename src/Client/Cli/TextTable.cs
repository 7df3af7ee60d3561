using System.Text;
using Fleet.Ledger;

namespace Fleet.Client.Cli;

/// <summary>
/// Rows under headings, two spaces apart, as other programs read them. Where it would be wider than the terminal, the last column is cut with an ellipsis;
/// piped, nothing is cut. Control characters are made visible: a table shows what others wrote.
/// </summary>
internal sealed class TextTable(params string[] headings)
{
    private readonly List<string[]> rows = [[.. headings]];

    public void Add(params string?[] cells) => rows.Add(Array.ConvertAll(cells, cell => EventText.Visible(string.IsNullOrEmpty(cell) ? "-" : cell)));

    /// <param name="width">Of the terminal, in columns; null: as wide as it is.</param>
    public string Render(int? width)
    {
        var widths = headings.Select((_, column) => rows.Max(row => row[column].Length)).ToArray();
        var text = new StringBuilder();
        foreach (var row in rows)
        {
            text.AppendLine(Cut(string.Join("  ", row.Zip(widths, (cell, width) => cell.PadRight(width))).TrimEnd(), width));
        }

        return text.ToString();
    }

    private static string Cut(string line, int? width) => width is { } most && line.Length > most ? line[..(most - 1)] + "…" : line;
}
