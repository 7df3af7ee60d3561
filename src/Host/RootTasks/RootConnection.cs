using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Fleet.RootTasks;

namespace Fleet.Host.RootTasks;

/// <summary>One request to this host's root helper, and what it says until it closes the connection. Closing it earlier ends what runs.</summary>
internal sealed class RootConnection : IDisposable
{
    private readonly Socket socket;

    private RootConnection(Socket socket) => this.socket = socket;

    /// <summary>What <see cref="Open"/> failed with, for people: why, and what they can do.</summary>
    public static string NoAnswer(string path, SocketException e) =>
        $"no root helper answers at {path} ({e.Message}): see 'systemctl status fleet-root.socket', or, without systemd, stop the agent and start it again with 'fleet up'";

    /// <exception cref="SocketException">Nobody listens there, or this user may not connect.</exception>
    public static async Task<RootConnection> Open(string path, RootRequest request)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path));
            var connection = new RootConnection(socket);
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
    public async IAsyncEnumerable<(RootFrame Kind, byte[] Content)> Frames([EnumeratorCancellation] CancellationToken cancel = default)
    {
        var head = new byte[RootFrames.HeadLength];
        while (await Fill(head, cancel))
        {
            var (kind, length) = RootFrames.ReadHead(head) ?? throw new InvalidDataException("who listens at the root helper's socket is none");
            var content = new byte[length];
            if (!await Fill(content, cancel))
            {
                yield break;
            }

            yield return (kind, content);
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

    /// <exception cref="SocketException">The other side is gone.</exception>
    public async Task Send(RootFrame kind, byte[] content)
    {
        var frame = new byte[RootFrames.HeadLength + content.Length];
        RootFrames.WriteHead(frame, kind, content.Length);
        content.CopyTo(frame, RootFrames.HeadLength);
        for (var sent = 0; sent < frame.Length;)
        {
            sent += await socket.SendAsync(frame.AsMemory(sent));
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
