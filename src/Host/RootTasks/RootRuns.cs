using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Akka.Actor;
using Fleet.Actors.Grants;
using Fleet.Client.Api;
using Fleet.Grants;
using Fleet.Hosts;
using Fleet.Ledger;
using Fleet.RootTasks;
using Microsoft.Extensions.Logging;

namespace Fleet.Host.RootTasks;

/// <summary>
/// What this host runs as root: asks the grant first, which writes down that a use begins, then the root helper, and reports what came of it. Thread-safe.
/// <code>
///   use_begun on disk ──► request to the helper ──► its words, live ──► use_ended | use_refused | use_lost on disk ──► last line
/// </code>
/// Killed between any two of these, the root log of the host has the truth; nothing runs that the first did not announce.
/// </summary>
/// <param name="grants">Answers <see cref="GrantMessage"/>.</param>
public sealed partial class RootRuns(IActorRef grants, string socket, HostPaths paths, TimeProvider time, ILogger log) : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    // Lines that wait for a slow listener; then the task waits too.
    private const int MostWaiting = 256;

    private readonly SemaphoreSlim ends = new(0);
    private readonly ConcurrentDictionary<GrantId, int> busy = new();
    private readonly ConcurrentDictionary<(GrantId Grant, int Use), (RootUse Use, Task Ended)> running = new();

    /// <summary>Runs one use of a grant on this host. Who stops listening ends it.</summary>
    /// <param name="host">By its name in root's policy.</param>
    /// <exception cref="RefusedException">The grant has no use to give.</exception>
    public async IAsyncEnumerable<RootRunLine> Run(GrantId id, string host, bool anyway, Cause cause, [EnumeratorCancellation] CancellationToken cancel)
    {
        var begun = await Begin(id, host, anyway, cause);
        var number = begun.Use ?? throw new InvalidOperationException($"{id} gave a use without a number");
        var use = new RootUse(host, begun.Grant.Asking!, number, socket, paths, time);
        var lines = Channel.CreateBounded<RootRunLine>(MostWaiting);
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        running[(id, number)] = (use, ended.Task);
        _ = Task.Run(() => Follow(id, host, number, use, cause, lines.Writer, cancel), CancellationToken.None).ContinueWith(_ => ended.SetResult(), TaskScheduler.Default);
        try
        {
            await CancelIfOver(id, use);
            await foreach (var line in lines.Reader.ReadAllAsync(cancel))
            {
                yield return line;
            }
        }
        finally
        {
            // However the listening ended; of a use that has ended, nothing happens.
            _ = use.Cancel();
        }
    }

    /// <summary>Ends what runs under a grant, and returns when that is written down.</summary>
    public async Task End(GrantId id)
    {
        var uses = running.Where(r => r.Key.Grant == id).Select(r => r.Value).ToList();
        await Task.WhenAll(uses.Select(r => r.Use.Cancel()));
        await Task.WhenAll(uses.Select(r => r.Ended));
    }

    /// <summary>Tells the root helper that a grant is revoked.</summary>
    /// <exception cref="RefusedException">It does not say that it has taken it.</exception>
    public async Task Tell(RootRequest.Revoke revocation)
    {
        try
        {
            using var connection = await RootConnection.Open(socket, revocation);
            await foreach (var (kind, content) in connection.Frames())
            {
                if (kind == RootFrame.Done)
                {
                    return;
                }

                if (kind == RootFrame.Refused && System.Text.Json.JsonSerializer.Deserialize(content, RootJson.Default.RootRefusal) is { } refusal)
                {
                    throw new RefusedException(RefusalCode.Denied, $"the fleet has revoked it, but the host does not take the revocation ({EnumText.Of(refusal.Code)}): {refusal.Message}");
                }
            }
        }
        catch (SocketException e)
        {
            throw new RefusedException(RefusalCode.Unavailable, $"the fleet has revoked it, but no root helper answers at {socket} ({e.Message}), so the host may not know");
        }

        throw new RefusedException(RefusalCode.Unavailable, $"the fleet has revoked it, but the root helper at {socket} ended without an answer, so the host may not know");
    }

    /// <summary>Whether this agent is asking for a use of it or runs one: what comes of that, it hears itself.</summary>
    public bool IsBusy(GrantId id) => busy.GetValueOrDefault(id) > 0;

    /// <summary>Returns when a use has ended since the last call, or after <paramref name="most"/>.</summary>
    public Task NextEnd(TimeSpan most, CancellationToken cancel) => ends.WaitAsync(most, cancel);

    /// <summary>Writes down what became of a use.</summary>
    /// <param name="cause">Null: the agent found it out by itself.</param>
    public Task Report(GrantId id, string host, int number, UseOutcome outcome, Cause? cause = null)
    {
        var story = cause ?? new Cause(Guid.CreateVersion7(time.GetUtcNow()), Guid.Empty, Principal.Agent(host), "local", time.GetUtcNow());
        var observed = story with { Principal = Principal.Agent(host), Origin = "local", At = time.GetUtcNow(), Reason = null };
        return Ask(new GrantMessage.Do(id, new GrantCommand.Report(host, number, outcome), observed));
    }

    /// <summary>Null: there is none.</summary>
    public string? Recording(GrantId id, int use) => File.Exists(paths.Recording(id, use)) ? File.ReadAllText(paths.Recording(id, use)) : null;

    /// <summary>Ends all that runs here: who streams its output is gone with the agent.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var id in running.Keys.Select(key => key.Grant).Distinct())
        {
            await End(id);
        }
    }

    // Busy from before the use is begun: its number may be that of a use which the host refused, and which the root log tells of just now.
    private async Task<GrantReply.Accepted> Begin(GrantId id, string host, bool anyway, Cause cause)
    {
        busy.AddOrUpdate(id, 1, (_, count) => count + 1);
        try
        {
            return await Ask(new GrantMessage.Do(id, new GrantCommand.Use(host, anyway), cause));
        }
        catch
        {
            Rest(id);
            throw;
        }
    }

    private void Rest(GrantId id) => busy.AddOrUpdate(id, 0, (_, count) => count - 1);

    // Between the use's beginning and its being known here, a revocation found nothing to end.
    private async Task CancelIfOver(GrantId id, RootUse use)
    {
        if ((await Ask(new GrantMessage.Get(id))).Grant is Grant.Ended)
        {
            _ = use.Cancel();
        }
    }

    private async Task Follow(GrantId id, string host, int number, RootUse use, Cause cause, ChannelWriter<RootRunLine> lines, CancellationToken cancel)
    {
        Exception? failure = null;
        try
        {
            var outcome = await use.Follow(lines, cancel);
            await Report(id, host, number, outcome, cause);
            lines.TryWrite(Line(host, number, outcome));
        }
        catch (Exception e)
        {
            LogUnreported(log, e, id, number, host);
            failure = e;
        }
        finally
        {
            running.TryRemove((id, number), out _);
            Rest(id);
            ends.Release();
            lines.TryComplete(failure);
        }
    }

    private async Task<GrantReply.Accepted> Ask(GrantMessage message) => await grants.Ask<GrantReply>(message, Patience) switch
    {
        GrantReply.Accepted accepted => accepted,
        GrantReply.Refused refused => throw new RefusedException(ApiError.Of(refused.Refusal)),
        var other => throw new System.Diagnostics.UnreachableException($"no such reply: {other.GetType()}"),
    };

    private static RootRunLine Line(string host, int number, UseOutcome outcome) => outcome switch
    {
        UseOutcome.Ended o => new RootRunLine(host, number, "ended", ExitCode: o.ExitCode, How: EnumText.Of(o.How)),
        UseOutcome.Refused o => new RootRunLine(host, number, "refused", Code: EnumText.Of(o.Code), Message: o.Detail),
        UseOutcome.Lost o => new RootRunLine(host, number, "lost", Message: o.Why),
        _ => throw new System.Diagnostics.UnreachableException($"{outcome.GetType()} is not an outcome"),
    };

    [LoggerMessage(Level = LogLevel.Error, Message = "what became of use {Use} of {Grant} on {Host} could not be written down; its root log has it")]
    private static partial void LogUnreported(ILogger log, Exception e, GrantId grant, int use, string host);
}
