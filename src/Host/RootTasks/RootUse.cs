using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Fleet.Client.Api;
using Fleet.Grants;
using Fleet.Hosts;
using Fleet.RootTasks;

namespace Fleet.Host.RootTasks;

/// <summary>One use while it lasts: from the helper's words to lines for who listens, to the recording, and to what came of it.</summary>
internal sealed class RootUse(string host, Grant.Asked asked, int number, string socket, HostPaths paths, TimeProvider time)
{
    private readonly TaskCompletionSource<RootConnection?> opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Recording? recording;
    private string? receipt;

    /// <summary>Asks for its end. It ends by itself soon afterwards, with a receipt.</summary>
    public async Task Cancel()
    {
        if (await opened.Task is { } connection)
        {
            await connection.Cancel();
        }
    }

    /// <summary>Follows it to its end, whether or not anybody listens.</summary>
    public async Task<UseOutcome> Follow(ChannelWriter<RootRunLine> lines, CancellationToken listening)
    {
        try
        {
            using var connection = await RootConnection.Open(socket, Request());
            opened.SetResult(connection);
            recording = asked.Document.RootTask!.Record ? new Recording(paths.Recording(asked.Document.Id, number), string.Join(' ', asked.Document.RootTask.Argv), time) : null;
            return await Outcome(connection, lines, listening);
        }
        catch (SocketException e) when (!opened.Task.IsCompleted)
        {
            return new UseOutcome.Refused(RootDenial.CannotRun, RootConnection.NoAnswer(socket, e));
        }
        finally
        {
            opened.TrySetResult(null);
            recording?.Dispose();
        }
    }

    private async Task<UseOutcome> Outcome(RootConnection connection, ChannelWriter<RootRunLine> lines, CancellationToken listening)
    {
        try
        {
            await foreach (var (kind, content) in connection.Frames(CancellationToken.None))
            {
                if (Read(kind, content) is { } outcome)
                {
                    return outcome;
                }

                if (kind is RootFrame.Started or RootFrame.Stdout or RootFrame.Stderr)
                {
                    await Pass(lines, Line(kind, content), listening);
                }
            }
        }
        catch (SocketException e)
        {
            // It may have the request still; it refuses what nobody waits for any more.
            return new UseOutcome.Lost($"{RootConnection.NoAnswer(socket, e)}; its log tells whether it ran");
        }

        return new UseOutcome.Lost("the root helper ended without a receipt; its log tells more");
    }

    private UseOutcome? Read(RootFrame kind, byte[] content)
    {
        switch (kind)
        {
            case RootFrame.Stdout or RootFrame.Stderr:
                recording?.Write(kind == RootFrame.Stderr, content);
                return null;
            case RootFrame.Refused when JsonSerializer.Deserialize(content, RootJson.Default.RootRefusal) is { } refusal:
                return new UseOutcome.Refused(refusal.Code, refusal.Message);
            case RootFrame.Receipt:
                receipt = Encoding.UTF8.GetString(content);
                return null;
            case RootFrame.Signature when receipt is not null && JsonSerializer.Deserialize(receipt, RootJson.Default.RootReceipt) is { } read && IsOfThis(read):
                return new UseOutcome.Ended(read.ExitCode, read.How, receipt, Encoding.ASCII.GetString(content));
            default:
                return null;
        }
    }

    // A receipt of another use is none of this. Whose signature it has, the root log's first entry tells whoever doubts it.
    private bool IsOfThis(RootReceipt read) =>
        read.Grant == asked.Document.Id && read.Use == number && read.Host == host && read.Document == Digest.Of(asked.Text);

    // Who does not listen any more misses the rest; the use goes on to the end that was asked for.
    private static async Task Pass(ChannelWriter<RootRunLine> lines, RootRunLine line, CancellationToken listening)
    {
        try
        {
            await lines.WriteAsync(line, listening);
        }
        catch (Exception e) when (e is OperationCanceledException or ChannelClosedException)
        {
            // Gone.
        }
    }

    private RootRunLine Line(RootFrame kind, byte[] content) => kind switch
    {
        RootFrame.Stdout => new RootRunLine(host, number, "stdout", Convert.ToBase64String(content)),
        RootFrame.Stderr => new RootRunLine(host, number, "stderr", Convert.ToBase64String(content)),
        _ => new RootRunLine(host, number, "started", Elsewhere: Elsewhere),
    };

    private string[]? Elsewhere => asked.Document.Hosts.Names.Remove(host) is { IsEmpty: false } others ? [.. others] : null;

    private RootRequest.Run Request() => new(
        [.. Encoding.UTF8.GetBytes(asked.Text)], Presented(asked.By), [.. asked.Approvals.Select(Presented)], number);

    private static PresentedSignature Presented(GrantSignature signature) => new(signature.Principal, signature.Armored);
}
