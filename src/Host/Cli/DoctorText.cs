using System.Text;
using Fleet.Host.Api;
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

    public static string Of(DoctorReport report) => Lines(report.Checks.Select(c => (c.Status, c.Name, c.Detail, c.Remedy)).ToArray());

    public static string Of(InitReport report) =>
        Lines(report.Steps.Select(s => (s.Outcome.Replace('_', ' '), s.Name, s.Detail, s.Remedy)).ToArray());

    private static string Lines((string Word, string Name, string Detail, string? Remedy)[] lines)
    {
        var text = new StringBuilder();
        var (word, name) = (lines.Select(l => l.Word.Length).DefaultIfEmpty().Max(), lines.Select(l => l.Name.Length).DefaultIfEmpty().Max());
        foreach (var line in lines)
        {
            text.AppendLine(EventText.Visible($"{line.Word.PadRight(word)}  {line.Name.PadRight(name)}  {line.Detail}"));
            if (line.Remedy is { } remedy)
            {
                text.AppendLine(EventText.Visible($"{new string(' ', word + name + 4)}remedy: {remedy}"));
            }
        }

        return text.ToString();
    }
}
