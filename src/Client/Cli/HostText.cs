using System.Globalization;
using System.Text;
using Fleet.Client.Api;

namespace Fleet.Client.Cli;

/// <summary>A host as people read it.</summary>
internal static class HostText
{
    public static string Of(HostInfo host) => new StringBuilder()
        .AppendLine($"host        {host.Name}")
        .AppendLine($"agent       fleet {host.Version}, pid {host.AgentPid}, as {host.AgentUser}, since {Session.Time(host.AgentSince)}")
        .AppendLine($"folder      {host.State}")
        .AppendLine($"BPM's root  {host.BoshRoot}")
        .AppendLine($"jobs        {host.Jobs}")
        .AppendLine($"processes   {(host.Processes.Count == 0 ? "none" : string.Join(", ", host.Processes.Select(p => $"{p.Value} {p.Key.Replace('_', ' ')}")))}")
        .ToString();

    public static string Of(HostProcessList list)
    {
        if (list.Processes.Length == 0)
        {
            return $"no processes on {list.Host}\n";
        }

        var table = new TextTable("PROCESS", "PHASE", "PID", "CPU", "MEMORY", "PRIVILEGES", "SANDBOX");
        foreach (var process in list.Processes)
        {
            table.Add(
                process.Id, process.Phase, process.Pid?.ToString(CultureInfo.InvariantCulture),
                process.CpuSeconds is { } cpu ? string.Create(CultureInfo.InvariantCulture, $"{cpu:0.0} s") : null,
                process.MemoryBytes is { } bytes ? Memory(bytes) : null,
                process.Privileges.Length == 0 ? "baseline" : string.Join(' ', process.Privileges), process.Sandbox);
        }

        return table.Render(Session.Width);
    }

    private static string Memory(long bytes) => bytes switch
    {
        >= 1L << 30 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 30):0.0} GiB"),
        >= 1L << 20 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 20):0.0} MiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0:0.0} KiB"),
    };
}
