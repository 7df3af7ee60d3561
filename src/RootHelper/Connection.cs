using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Fleet.RootHelper.Linux;
using Fleet.RootTasks;
using Microsoft.Win32.SafeHandles;

namespace Fleet.RootHelper;

/// <summary>The connection to who asks: standard input, for systemd and the listener hand it on so.</summary>
internal sealed class Connection(SafeFileHandle socket)
{
    /// <summary>For the whole of a request to come.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>For an answer to be taken: people stop a pager for a while, and the receipt is behind what they have not read yet.</summary>
    private static readonly TimeSpan Listening = TimeSpan.FromSeconds(30);

    /// <summary>Blocks that are thrown away of a request that was too long: what comes after them costs its sender the answer.</summary>
    private const int MostDiscarded = 16;

    /// <summary>Of a job's files and secrets together, in bytes.</summary>
    private const int MostContent = 32 << 20;

    private readonly byte[] received = new byte[256];
    private byte[] pending = [];
    private int sent;

    public SafeFileHandle Socket => socket;

    public Peer Peer => Sockets.PeerOf(socket);

    /// <summary>Whether there is something left of what was given to <see cref="Offer"/>.</summary>
    public bool IsFull => sent < pending.Length;

    /// <summary>The one request. Never more than a frame is read, and never longer waited.</summary>
    /// <exception cref="Denied">It did not come in time, or is none.</exception>
    public byte[] ReadRequest()
    {
        var clock = Stopwatch.StartNew();
        var head = Read(RootFrames.HeadLength, clock);
        return RootFrames.ReadHead(head) is (RootFrame.Request, var length)
            ? Read(length, clock)
            : throw new Denied(RootDenial.BadRequest, $"a request begins with {(char)RootFrame.Request} and a length of at most {RootFrames.Longest}");
    }

    /// <summary>Sends a frame, and waits until it is taken. Whoever does not take it in time does not get it.</summary>
    public void Send(RootFrame kind, ReadOnlySpan<byte> content)
    {
        Offer(kind, content);
        for (var clock = Stopwatch.StartNew(); IsFull && clock.Elapsed < Listening; Flush())
        {
            Span<Waiting> on = [Waiting.On(socket, Sockets.Out)];
            Sockets.Wait(on, Math.Max(0, (int)(Listening - clock.Elapsed).TotalMilliseconds) + 1);
        }
    }

    public void Send<T>(RootFrame kind, T content, JsonTypeInfo<T> type) => Send(kind, JsonSerializer.SerializeToUtf8Bytes(content, type));

    /// <summary>Sends what it can of a frame without waiting; the rest goes by <see cref="Flush"/>. What was offered before must be gone.</summary>
    public void Offer(RootFrame kind, ReadOnlySpan<byte> content)
    {
        var frame = new byte[RootFrames.HeadLength + content.Length];
        RootFrames.WriteHead(frame, kind, content.Length);
        content.CopyTo(frame.AsSpan(RootFrames.HeadLength));
        (pending, sent) = (IsFull ? [.. pending.AsSpan(sent), .. frame] : frame, 0);
        Flush();
    }

    /// <summary>Nothing comes after what was sent: who asked need not wait for this process to be taken apart.</summary>
    public void End() => Sockets.End(socket);

    public void Flush()
    {
        while (IsFull)
        {
            var count = Sockets.Send(socket, pending.AsSpan(sent));
            if (count < 0)
            {
                // Gone: what is left is for nobody.
                sent = Libc.Error is Libc.EAGAIN or Libc.EINTR ? sent : pending.Length;
                return;
            }

            sent += (int)count;
        }
    }

    /// <summary>Whether the other side wants it to end, or is gone.</summary>
    public bool WantsEnd()
    {
        var count = Sockets.Receive(socket, received);
        return count switch
        {
            > 0 => received.AsSpan(0, (int)count).Contains((byte)RootFrame.Cancel),
            0 => true,
            _ => Libc.Error is not (Libc.EAGAIN or Libc.EINTR),
        };
    }

    /// <summary>Takes what is there and was not read: a socket that is closed over it would take the answer away from the other side (unix(7), ECONNRESET).</summary>
    public void Discard()
    {
        var block = new byte[RootFrames.Longest];
        for (var i = 0; i < MostDiscarded && Sockets.Receive(socket, block) > 0; i++)
        {
        }
    }

    /// <summary>Contents that were said to come (<see cref="RootRequest.StartJob"/>), each of them what its digest says.</summary>
    /// <exception cref="Denied">One did not come in time, is another, or all are too long.</exception>
    public Dictionary<Digest, byte[]> ReadContents(IEnumerable<Digest> wanted)
    {
        var (contents, room, clock) = (new Dictionary<Digest, byte[]>(), MostContent, Stopwatch.StartNew());
        foreach (var digest in wanted)
        {
            var content = new MemoryStream();
            for (byte[] piece; (piece = ReadPiece(clock)).Length > 0;)
            {
                content.Write(piece);
                room -= piece.Length;
                if (room < 0)
                {
                    throw new Denied(RootDenial.BadRequest, $"a job's files and secrets have at most {MostContent >> 20} MiB together where root takes them");
                }
            }

            var bytes = content.ToArray();
            contents[digest] = Digest.Of(bytes) == digest
                ? bytes
                : throw new Denied(RootDenial.OtherContent, $"a content came that is {Digest.Of(bytes)}, and {digest} was signed");
        }

        return contents;
    }

    private byte[] ReadPiece(Stopwatch clock) => RootFrames.ReadHead(Read(RootFrames.HeadLength, clock)) is (RootFrame.Content, var length)
        ? Read(length, clock)
        : throw new Denied(RootDenial.BadRequest, "what comes after a job's start is its contents");

    private byte[] Read(int length, Stopwatch clock)
    {
        var bytes = new byte[length];
        for (var have = 0; have < length;)
        {
            Span<Waiting> on = [Waiting.On(socket, Sockets.In)];
            Sockets.Wait(on, Math.Max(0, (int)(Patience - clock.Elapsed).TotalMilliseconds));
            var count = on[0].Ready == 0 ? 0 : Sockets.Receive(socket, bytes.AsSpan(have));
            if (count <= 0)
            {
                throw new Denied(RootDenial.BadRequest, on[0].Ready == 0 ? "the request did not come within 5 s" : "the connection ended before the request did");
            }

            have += (int)count;
        }

        return bytes;
    }
}
