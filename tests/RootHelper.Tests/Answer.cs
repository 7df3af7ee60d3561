using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Fleet.RootTasks;

namespace Fleet.RootHelper.Tests;

/// <summary>All that the helper said until it closed the connection.</summary>
public sealed record Answer(RootStarted? Started, string Stdout, string Stderr, RootRefusal? Refusal, RootReceipt? Receipt, byte[] ReceiptBytes, string Signature, byte[] Log)
{
    public static Answer Read(Socket socket)
    {
        socket.ReceiveTimeout = 60_000;
        var answer = new Answer(null, "", "", null, null, [], "", []);
        var head = new byte[RootFrames.HeadLength];
        while (Fill(socket, head))
        {
            var (kind, length) = RootFrames.ReadHead(head) ?? throw new InvalidOperationException("not a frame");
            var content = new byte[length];
            Assert.True(Fill(socket, content) || length == 0, "a frame lacks its end");
            answer = answer.With(kind, content);
        }

        return answer;
    }

    private Answer With(RootFrame kind, byte[] content) => kind switch
    {
        RootFrame.Started => this with { Started = JsonSerializer.Deserialize(content, RootJson.Default.RootStarted) },
        RootFrame.Stdout => this with { Stdout = Stdout + Encoding.UTF8.GetString(content) },
        RootFrame.Stderr => this with { Stderr = Stderr + Encoding.UTF8.GetString(content) },
        RootFrame.Refused => this with { Refusal = JsonSerializer.Deserialize(content, RootJson.Default.RootRefusal) },
        RootFrame.Receipt => this with { ReceiptBytes = content, Receipt = JsonSerializer.Deserialize(content, RootJson.Default.RootReceipt) },
        RootFrame.Signature => this with { Signature = Encoding.ASCII.GetString(content) },
        RootFrame.Done => this,
        RootFrame.Log => this with { Log = [.. Log, .. content] },
        _ => throw new InvalidOperationException($"{kind} is not an answer"),
    };

    private static bool Fill(Socket socket, byte[] buffer)
    {
        for (var have = 0; have < buffer.Length;)
        {
            var count = Receive(socket, buffer.AsSpan(have));
            if (count == 0)
            {
                return false;
            }

            have += count;
        }

        return buffer.Length > 0;
    }

    // A helper that was killed, or that did not read all, closes with a reset; what it said before has been read.
    private static int Receive(Socket socket, Span<byte> buffer)
    {
        try
        {
            return socket.Receive(buffer);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
            return 0;
        }
    }
}
