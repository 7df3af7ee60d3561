using System.Text;
using Fleet.Client.Api;
using Fleet.Client.Cli;
using Fleet.Host.Hosts;
using Fleet.Ledger;

namespace Fleet.Host.Cli;

/// <summary>What doctor and init found and did, as people read it.</summary>
internal static class DoctorText
{
    public static DoctorReport Report(IReadOnlyCollection<DoctorLine> lines) => new(
        lines.Count == 0 ? "ok" : Words.Of(lines.Max(l => l.Status)),
        [.. lines.Select(l => new DoctorCheck(l.Name, Words.Of(l.Status), l.Detail, l.Remedy))]);

    public static InitReport Report(IReadOnlyCollection<HostInitLine> lines) => new(
        lines.All(l => l.Outcome != HostInitOutcome.Failed),
        [.. lines.Select(l => new InitStep(l.Name, Words.Of(l.Outcome), l.Detail, l.Remedy))]);

    public static string Of(DoctorReport report) => Of(report, Session.Width);

    /// <param name="width">Of the terminal, where details are wrapped; null: one line each, as other programs read them.</param>
    public static string Of(DoctorReport report, int? width) => Lines(report.Checks.Select(c => (c.Status, c.Name, c.Detail, c.Remedy)).ToArray(), width);

    public static string Of(InitReport report) =>
        Lines(report.Steps.Select(s => (s.Outcome.Replace('_', ' '), s.Name, s.Detail, s.Remedy)).ToArray(), Session.Width);

    private static string Lines((string Word, string Name, string Detail, string? Remedy)[] lines, int? width)
    {
        var text = new StringBuilder();
        var (word, name) = (lines.Select(l => l.Word.Length).DefaultIfEmpty().Max(), lines.Select(l => l.Name.Length).DefaultIfEmpty().Max());
        var indent = new string(' ', word + name + 4);
        foreach (var line in lines)
        {
            var detail = string.Join($"\n{indent}", Wrapped(EventText.Visible(line.Detail), width - indent.Length));
            text.AppendLine(EventText.Visible($"{line.Word.PadRight(word)}  {line.Name.PadRight(name)}  ") + detail);
            if (line.Remedy is { } remedy)
            {
                // Whole: it may be a command that is copied.
                text.AppendLine(EventText.Visible($"{indent}remedy: {remedy}"));
            }
        }

        return text.ToString();
    }

    // Between words alone; in less than half of a line there is no reading.
    private static IEnumerable<string> Wrapped(string text, int? room)
    {
        while (room >= 40 && text.Length > room && text.LastIndexOf(' ', room.Value) is > 0 and var end)
        {
            yield return text[..end];
            text = text[(end + 1)..];
        }

        yield return text;
    }
}
