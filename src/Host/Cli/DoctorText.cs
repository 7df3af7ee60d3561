using System.Text;
using Fleet.Host.Api;
using Fleet.Host.Hosts;

namespace Fleet.Host.Cli;

/// <summary>What doctor and init found and did, as people read it.</summary>
internal static class DoctorText
{
    public static DoctorReport Report(IReadOnlyCollection<DoctorLine> lines) => new(
        lines.Count == 0 ? "ok" : Words.Of(lines.Max(l => l.Status)),
        [.. lines.Select(l => new DoctorCheck(l.Name, Words.Of(l.Status), l.Detail, l.Remedy))]);

    public static string Of(DoctorReport report)
    {
        var text = new StringBuilder();
        var width = report.Checks.Select(c => c.Name.Length).DefaultIfEmpty().Max();
        foreach (var check in report.Checks)
        {
            text.AppendLine($"{check.Status,-4}  {check.Name.PadRight(width)}  {check.Detail}");
            if (check.Remedy is { } remedy)
            {
                text.AppendLine($"      {new string(' ', width)}  remedy: {remedy}");
            }
        }

        return text.ToString();
    }

    public static string Of(InitReport report)
    {
        var table = new TextTable("WHAT", "OUTCOME", "DETAIL");
        foreach (var step in report.Steps)
        {
            table.Add(step.Name, step.Outcome, step.Detail);
        }

        return table.Render(null);
    }
}
