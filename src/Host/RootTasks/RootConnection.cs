using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Fleet.RootTasks;

namespace Fleet.Host.RootTasks;

/// <summary>One request to this host's root helper, and what it says until it closes the connection. Closing it earlier ends what runs.</summary>
internal sealed class RootConnection : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Socket socket;
    private readonly TimeSpan patience;

    private RootConnection(Socket socket, TimeSpan patience) => (this.socket, this.patience) = (socket, patience);

    /// <summary>What <see cref="Open"/> failed with, for people: why, and what they can do.</summary>
    public static string NoAnswer(string path, SocketException e) =>
        $"no root helper answers at {path} ({e.Message}): see 'systemctl status fleet-root.socket', or, without systemd, stop the agent and start it again with 'fleet up'";

    /// <param name="patience">For the helper to take what is sent, and for its next word; null: 30 s. What a task writes, it writes when it likes.</param>
    /// <exception cref="SocketException">Nobody listens there, or this user may not connect, or what listens does not go on.</exception>
    public static async Task<RootConnection> Open(string path, RootRequest request, TimeSpan? patience = null)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path));
            var connection = new RootConnection(socket, patience ?? Patience);
            await connection.Send(RootFrame.Request, RootRequest.Write(request));
            return connection;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>To their end. A connection that breaks ends them too: what is missing is known by who reads.</summary>
    /// <exception cref="InvalidDataException">The other side speaks another language.</exception>
    /// <exception cref="SocketException"><see cref="SocketError.TimedOut"/>: it said nothing for as long as it is waited for, and no task of its runs that it could wait for itself.</exception>
    public async IAsyncEnumerable<(RootFrame Kind, byte[] Content)> Frames([EnumeratorCancellation] CancellationToken cancel = default)
    {
        for (var most = patience; await Next(most, cancel) is { } frame;)
        {
            most = frame.Kind == RootFrame.Started ? Timeout.InfiniteTimeSpan : most;
            yield return frame;
        }
    }

    /// <summary>Asks for the end of what runs; its receipt still comes. Of one that has ended already, nothing happens.</summary>
    public async Task Cancel()
    {
        try
        {
            await Send(RootFrame.Cancel, []);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It has ended.
        }
    }

    public void Dispose() => socket.Dispose();

    /// <exception cref="SocketException">The other side is gone, or does not take it.</exception>
    public async Task Send(RootFrame kind, byte[] content)
    {
        using var late = new CancellationTokenSource(patience);
        var frame = new byte[RootFrames.HeadLength + content.Length];
        RootFrames.WriteHead(frame, kind, content.Length);
        content.CopyTo(frame, RootFrames.HeadLength);
        try
        {
            for (var sent = 0; sent < frame.Length;)
            {
                sent += await socket.SendAsync(frame.AsMemory(sent), late.Token);
            }
        }
        catch (OperationCanceledException)
        {
            throw new SocketException((int)SocketError.TimedOut);
        }
    }

    private async Task<(RootFrame Kind, byte[] Content)?> Next(TimeSpan most, CancellationToken cancel)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        late.CancelAfter(most);
        try
        {
            var head = new byte[RootFrames.HeadLength];
            if (!await Fill(head, late.Token))
            {
                return null;
            }

            var (kind, length) = RootFrames.ReadHead(head) ?? throw new InvalidDataException("who listens at the root helper's socket is none");
            var content = new byte[length];
            return await Fill(content, late.Token) ? (kind, content) : null;
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new SocketException((int)SocketError.TimedOut);
        }
    }

    private async Task<bool> Fill(byte[] buffer, CancellationToken cancel)
    {
        for (var have = 0; have < buffer.Length;)
        {
            var count = await Receive(buffer.AsMemory(have), cancel);
            if (count == 0)
            {
                return false;
            }

            have += count;
        }

        return true;
    }

    private async Task<int> Receive(Memory<byte> buffer, CancellationToken cancel)
    {
        try
        {
            return await socket.ReceiveAsync(buffer, cancel);
        }
        catch (SocketException)
        {
            return 0;
        }
    }
}
