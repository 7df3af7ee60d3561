using System.Collections.Immutable;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Akka.Actor;
using Fleet.Actors.Grants;
using Fleet.Actors.RootTasks;
using Fleet.Client.Api;
using Fleet.Grants;
using Fleet.Host.Grants;
using Fleet.Processes;
using Fleet.RootTasks;
using Fleet.Sandboxes;
using Microsoft.Extensions.Logging;

namespace Fleet.Host.RootTasks;

/// <summary>
/// Takes the host's root log into the ledger: at the start, after each use, and once in a while. What it says that the fleet did not begin is marked so; what the
/// agent was killed over is settled by it.
/// </summary>
/// <param name="hasBegun">Whether this host has recorded that it begins a run of a job's process.</param>
/// <param name="log">Answers <see cref="GetRootLog"/> and <see cref="KeepRootLog"/>.</param>
internal sealed partial class RootLogReader : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15), Once = TimeSpan.FromSeconds(60);

    // After it a dead agent's request is looked for again. Each look costs a helper, and there may be many while another task runs.
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(5);

    private readonly IActorRef log, grants;
    private readonly RootRuns runs;
    private readonly RootFolder root;
    private readonly string socket;
    private readonly Func<ProcessId, RunId, Task<bool>> hasBegun;
    private readonly ILogger logger;
    private readonly CancellationTokenSource stop = new();
    private readonly Task following;

    public RootLogReader(IActorRef log, IActorRef grants, RootRuns runs, RootFolder root, string socket, Func<ProcessId, RunId, Task<bool>> hasBegun, ILogger logger)
    {
        (this.log, this.grants, this.runs, this.root, this.socket, this.hasBegun, this.logger) = (log, grants, runs, root, socket, hasBegun, logger);
        following = Follow(stop.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await following;
        stop.Dispose();
    }

    // A host without a policy or without a helper has no log, and nothing is said of that.
    private async Task Follow(CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                var settled = true;
                if (HostName() is { } host)
                {
                    settled = await SettleUnheard(host);
                    await Read(host);
                }

                await runs.NextEnd(settled ? Once : Soon, cancel);
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                LogUnread(logger, e.Message);
                await Task.Delay(Once, cancel).ContinueWith(_ => { }, TaskScheduler.Default);
            }
        }
    }

    // Everything that there is now; of a log that was found broken, from its beginning.
    private async Task Read(string host)
    {
        for (var copy = await log.Ask<RootLogCopy>(GetRootLog.Instance, Patience); await Lines(copy.Broken ? 0 : copy.Number - 1) is { } lines;)
        {
            var entries = Entries(lines);
            var unreported = await Unreported(host, entries);
            var next = await log.Ask<RootLogCopy>(new KeepRootLog([.. lines], unreported), Patience);
            if (next == copy)
            {
                return;
            }

            await Settle(host, entries.Where(entry => entry.Number > copy.Number));
            copy = next;
        }
    }

    /// <summary>By root's word, as grants name it; null where root has decided nothing.</summary>
    private string? HostName()
    {
        try
        {
            return root.Policy().Host;
        }
        catch (RefusedException)
        {
            return null;
        }
    }

    /// <returns>Null: no helper answers.</returns>
    private async Task<byte[]?> Lines(long after)
    {
        try
        {
            using var connection = await RootConnection.Open(socket, new RootRequest.Log(Math.Max(0, after)));
            await foreach (var (kind, content) in connection.Frames())
            {
                if (kind == RootFrame.Log)
                {
                    return content;
                }

                if (kind == RootFrame.Refused && IsOfItsLog(content))
                {
                    // What the helper says in place of its log is no entry, and so is told as a log that is broken.
                    return [.. content, (byte)'\n'];
                }
            }

            return null;
        }
        catch (SocketException)
        {
            return null;
        }
    }

    // Not where it refuses for something else, such as a policy that somebody is just editing.
    private static bool IsOfItsLog(byte[] refusal) =>
        JsonSerializer.Deserialize(refusal, RootJson.Default.RootRefusal) is { Code: RootDenial.LogUnwritable };

    private async Task<ImmutableHashSet<long>> Unreported(string host, IEnumerable<RootLogEntry> entries)
    {
        var unreported = ImmutableHashSet.CreateBuilder<long>();
        foreach (var entry in entries.Where(entry => entry.What == RootAct.Starting))
        {
            if (!(entry.Run is { } run ? entry.Process is { } process && await hasBegun(process, run) : await UseOf(host, entry) is not null))
            {
                unreported.Add(entry.Number);
            }
        }

        return unreported.ToImmutable();
    }

    private async Task Settle(string host, IEnumerable<RootLogEntry> entries)
    {
        foreach (var entry in entries.Where(entry => entry.What is RootAct.Ended or RootAct.Lost or RootAct.Denied))
        {
            if (await UseOf(host, entry) is { State: UseState.Begun } use && !runs.IsBusy(entry.Grant!.Value))
            {
                await runs.Report(entry.Grant.Value, use.Host, use.Number, RootOutcome.Of(entry));
            }
        }
    }

    private async Task<GrantUse?> UseOf(string host, RootLogEntry entry) =>
        entry is { Grant: { } id, Use: { } number } && await grants.Ask<GrantReply>(new GrantMessage.Get(id), Patience) is GrantReply.Accepted { Grant.Asking: { } asked }
            ? asked.Uses.FirstOrDefault(use => use.Host == host && use.Number == number)
            : null;

    private static List<RootLogEntry> Entries(byte[] lines)
    {
        var entries = new List<RootLogEntry>();
        foreach (var line in Encoding.UTF8.GetString(lines).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            try
            {
                entries.Add(RootLogEntry.Read(Encoding.UTF8.GetBytes(line)));
            }
            catch (JsonException)
            {
                break; // The ledger says that it is broken there.
            }
        }

        return entries;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "the root log could not be taken into the ledger: {Reason}; trying again")]
    private static partial void LogUnread(ILogger logger, string reason);
}
