using System.Collections.Immutable;
using Akka.Actor;
using Fleet.Actors.Hosts;
using Fleet.Host.Sandboxes;
using Fleet.Hosts;

namespace Fleet.Host.Logs;

/// <summary>Which log files this host's processes write, as the Host actor knows them now.</summary>
public sealed class JobLogFiles(IActorRef host, HostPaths paths, LinuxSandboxes sandboxes)
{
    /// <summary>Blocks for the actor's answer; for the rotator's own thread. Without an answer: the logs that were known before.</summary>
    public IReadOnlyCollection<LogFile> Current()
    {
        try
        {
            var hosted = host.Ask<ImmutableArray<HostedProcess>>(ListProcesses.Instance, TimeSpan.FromSeconds(5)).GetAwaiter().GetResult();
            return last = [.. hosted.SelectMany(Logs)];
        }
        catch (AskTimeoutException)
        {
            return last;
        }
    }

    private IReadOnlyCollection<LogFile> last = [];

    private IEnumerable<LogFile> Logs(HostedProcess hosted)
    {
        var freezer = hosted.Status is { Pid: not null, Run: { } run } ? sandboxes.Freezer(run) : null;
        yield return new LogFile(paths.Stdout(hosted.Assignment.Process), freezer);
        yield return new LogFile(paths.Stderr(hosted.Assignment.Process), freezer);
    }
}
