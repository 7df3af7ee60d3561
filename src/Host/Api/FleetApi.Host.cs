using System.Collections.Immutable;
using Akka.Actor;
using Fleet.Actors.Hosts;
using Fleet.Client.Api;
using Fleet.Client.Cli;
using Fleet.Host.Audit;
using Fleet.Jobs;
using Fleet.Ledger;
using Fleet.Privileges;

namespace Fleet.Host.Api;

// What the agent says of its host, its logs and its record.
public sealed partial class FleetApi
{
    private readonly DateTimeOffset since = time.GetUtcNow();

    public async Task<HostInfo> Host()
    {
        var processes = await Hosted();
        var phases = processes.CountBy(p => Words.Of(p.Status.Phase)).ToDictionary();
        return new HostInfo(
            hostName, ProductVersion.Text, Environment.ProcessId, Caller.Self.Principal.Name, since, paths.State, paths.Bosh, (await Views()).Length,
            new SortedDictionary<string, int>(phases, StringComparer.Ordinal));
    }

    public async Task<HostProcessList> HostProcesses() => new(hostName, [.. (await Hosted()).Select(Process)]);

    /// <summary>Ready when both roles answer.</summary>
    public async Task<ReadyInfo> Ready()
    {
        try
        {
            await Views();
            await Hosted();
            return new ReadyInfo("ready", null);
        }
        catch (AskTimeoutException e)
        {
            return new ReadyInfo("not_ready", e.Message);
        }
    }

    public async Task<JobLogs> Logs(JobId job, string? process, bool stderr)
    {
        var spec = (await Ask(new Actors.Jobs.JobMessage.Get(job))).Job.Current.Spec;
        var names = spec.Processes.Select(p => p.Name).Where(name => process is null || name == process).ToImmutableArray();
        return names.IsEmpty
            ? throw new RefusedException(
                RefusalCode.NotFound, $"job '{job}' has no process '{process}': it has {string.Join(", ", spec.Processes.Select(p => p.Name))}")
            : new JobLogs(paths, job, names, stderr);
    }

    /// <summary>The record; a row that cannot be read ends it with an error.</summary>
    public async IAsyncEnumerable<AuditLine> Audit(AuditQuery query, bool follow, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        await foreach (var (index, recorded) in audit.Read(query, follow, cancel))
        {
            using var stored = System.Text.Json.JsonDocument.Parse(EventCatalog.Write(recorded));
            yield return new AuditLine(index, EventText.Describe(recorded.Event), recorded.Envelope, stored.RootElement.GetProperty("event").Clone());
        }
    }

    private HostProcess Process(HostedProcess hosted)
    {
        var (assignment, status) = hosted;
        var usage = status is { Pid: not null, Run: { } run } ? sandboxes.Usage(run) : null;
        return new HostProcess(
            assignment.Process.ToString(), Words.Of(status.Phase), status.Version, Words.Of(status.Health), status.Since, status.Pid,
            status.Run?.ToString(), assignment.Slice, status.Restarts, [.. PrivilegeSet.Of(assignment.Process.Job, assignment.Spec).Members.Select(PrivilegeText.Format)],
            usage?.Cpu.TotalSeconds, usage?.MemoryBytes, usage?.Processes, status.Detail);
    }

    private Task<ImmutableArray<HostedProcess>> Hosted() => host.Ask<ImmutableArray<HostedProcess>>(ListProcesses.Instance, Patience);
}
