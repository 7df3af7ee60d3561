using System.Text;
using Fleet.Client.Api;
using Fleet.Ledger;

namespace Fleet.Client.Cli;

/// <summary>Jobs as people read them.</summary>
internal static class JobText
{
    public static string List(JobList list)
    {
        if (list.Jobs is [])
        {
            return "no jobs: submit one with 'fleet job run FILE'\n";
        }

        var table = new TextTable("JOB", "VERSION", "STATE", "READY", "CHANGED", "BY");
        foreach (var job in list.Jobs)
        {
            table.Add(job.Name, $"{job.Version}", job.State, $"{job.Ready}/{job.Processes}", Session.Time(job.ChangedAt), job.ChangedBy);
        }

        return table.Render(Session.Width);
    }

    public static string Detail(JobDetail job)
    {
        var text = new StringBuilder()
            .AppendLine($"job         {job.Name}")
            .AppendLine($"state       {job.State} (wanted: {job.Desired})")
            .AppendLine($"version     {job.Version} ({Short(job.Digest)}), check index {job.Generation}")
            .AppendLine($"changed     {Session.Time(job.ChangedAt)} by {EventText.Visible(job.ChangedBy)}")
            .Append(job.Grant is { } grant ? $"grant       {Grant(grant)}\n" : "")
            .AppendLine();
        var table = new TextTable("PROCESS", "HOST", "PHASE", "HEALTH", "PID", "RESTARTS", "SINCE");
        foreach (var process in job.Processes)
        {
            table.Add(
                process.Name, process.Host, process.Wanted ? process.Phase : $"{process.Phase} (leaving)", process.Checked ? process.Health : "-",
                process.Pid?.ToString(), $"{process.Restarts}", process.Since is { } since ? Session.Time(since) : null);
        }

        text.Append(table.Render(Session.Width));
        foreach (var process in job.Processes.Where(p => Why(p) != ""))
        {
            text.AppendLine($"{EventText.Visible(process.Name)}: {Why(process)}");
        }

        return text.ToString();
    }

    public static string Grant(JobGrantInfo grant) => EventText.Visible(grant switch
    {
        { Id: { } id, Until: { } until } => $"{id}, until {Session.Time(until)}",
        { Nearest: { } nearest } => $"none: {nearest} does not cover it: {string.Join("; ", grant.Why)}",
        _ => "none: nobody has asked for one",
    });

    /// <summary>Why a process is as it is; empty where there is nothing to say.</summary>
    public static string Why(JobProcess process)
    {
        var exit = process.LastExit switch
        {
            null => null,
            { OomKilled: true } => "last end: out of memory",
            { Signal: { } signal } => $"last end: signal {signal}",
            var e => $"last end: exit code {e.Code}",
        };
        return EventText.Visible(string.Join("; ", new[] { process.Detail, process.Difference is { } difference ? $"THE KERNEL'S VIEW DIFFERS: {difference}" : null, exit }.Where(part => !string.IsNullOrEmpty(part))));
    }

    public static string History(JobHistory history)
    {
        var table = new TextTable("VERSION", "DIGEST", "AT", "BY", "NOTE");
        foreach (var version in history.Versions)
        {
            var note = version.RevertOf is { } of ? $"content of version {of}" : "";
            table.Add(
                $"{version.Version}", Short(version.Digest), Session.Time(version.At), version.By,
                version.Current ? $"current{(note == "" ? "" : $", {note}")}" : note);
        }

        return table.Render(Session.Width);
    }

    public static string Diff(DiffReply diff) =>
        diff.Changes.Length == 0 ? $"version {diff.From} and {diff.To} have the same content\n" : Keys(diff.Changes, "");

    /// <summary><c>+</c> set now, <c>-</c> set no more, <c>~</c> another value.</summary>
    public static string Keys(DiffKey[] keys, string indent)
    {
        var text = new StringBuilder();
        foreach (var (path, before, after) in keys)
        {
            var line = (before, after) switch
            {
                (null, _) => $"+ {path}: {after}",
                (_, null) => $"- {path}: {before}",
                _ => $"~ {path}: {before} -> {after}",
            };
            text.AppendLine(indent + EventText.Visible(line));
        }

        return text.ToString();
    }

    /// <summary>A paragraph for each process: what is declared and what the kernel says stand below each other.</summary>
    public static string Unsafe(UnsafeList list)
    {
        if (list.Processes.Length == 0)
        {
            return "no process asks for more than the baseline\n";
        }

        return string.Join('\n', list.Processes.Select(process => string.Concat(Rows(process).Select(row => EventText.Visible(row) + "\n"))));
    }

    private static IEnumerable<string> Rows(UnsafeProcess process) =>
    [
        $"{process.Job}:{process.Process} version {process.Version} on {process.Host ?? "no host yet"}, {process.State}",
        .. process.Privileges.GroupBy(asked => asked.Why).Select(asked => $"  asks for  {string.Join(' ', asked.Select(a => a.Privilege))} (by {asked.Key})"),
        $"  grant     {(process.Grant is { } grant ? $"{grant}: " : "")}{process.Left}",
        $"  declared  {process.Declared}",
        $"  kernel    {process.Kernel ?? "not seen"}",
        .. process.Difference is { } difference ? [$"  DIFFERS   {difference}"] : (string[])[],
    ];

    /// <summary>As <see cref="Digest.Short"/>.</summary>
    public static string Short(string digest) => Digest.TryParse(digest, out var parsed) ? parsed.Short : digest;
}
