using System.Text;
using Fleet.Client.Api;

namespace Fleet.Client.Cli;

/// <summary>A plan as people read it.</summary>
internal static class PlanText
{
    public static string Of(PlanReply plan)
    {
        var text = new StringBuilder().AppendLine(Headline(plan));
        foreach (var process in plan.Processes.Where(p => p.Action != "keep"))
        {
            text.AppendLine($"  {Sign(process.Action)} process {process.Name}{(process.Restarts ? " (restarts)" : "")}");
            text.Append(JobText.Keys(process.Keys, "      "));
        }

        text.Append(JobText.Keys(plan.Files, "  "));
        foreach (var missing in plan.Missing)
        {
            text.AppendLine($"  ! process {missing.Process} needs a grant: {string.Join(' ', missing.Privileges)}");
        }

        text.Append(plan.Grant is { } grant ? $"  grant: {JobText.Grant(grant)}\n" : "");
        text.AppendLine($"digest {plan.Digest}");
        return text.AppendLine($"run exactly this with: fleet job run --check-index {plan.CheckIndex} FILE").ToString();
    }

    private static string Headline(PlanReply plan) => $"job {plan.Job} on {string.Join(", ", plan.Hosts)}: " + plan.Change switch
    {
        "none" => "nothing would change",
        "create" => "would be created",
        "start" => "has this content, and would be started",
        _ => "would get a new version",
    };

    private static string Sign(string action) => action switch
    {
        "add" => "+",
        "remove" => "-",
        _ => "~",
    };
}
