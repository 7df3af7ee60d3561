using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using Fleet.RootTasks;

namespace Fleet.Bench.RootTask;

/// <summary>One request to the root helper, as the agent makes it.</summary>
internal static class Asking
{
    /// <summary>From connecting to the end of the answer: by then the task has ended, its end is on disk, and its receipt is signed and read.</summary>
    /// <exception cref="InvalidOperationException">It was refused, or has no receipt.</exception>
    public static double Milliseconds(string path, RootRequest.Run request)
    {
        var content = RootRequest.Write(request);
        var frame = new byte[RootFrames.HeadLength + content.Length];
        RootFrames.WriteHead(frame, RootFrame.Request, content.Length);
        content.CopyTo(frame, RootFrames.HeadLength);
        var began = Stopwatch.GetTimestamp();
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(path));
        socket.Send(frame);
        var last = ReadAll(socket);
        var took = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        return last == RootFrame.Signature ? took : throw new InvalidOperationException($"the last that the helper said is {last}");
    }

    private static RootFrame? ReadAll(Socket socket)
    {
        RootFrame? last = null;
        var head = new byte[RootFrames.HeadLength];
        while (Fill(socket, head))
        {
            var (kind, length) = RootFrames.ReadHead(head)!.Value;
            var content = new byte[length];
            _ = length == 0 || Fill(socket, content);
            if (kind == RootFrame.Refused)
            {
                throw new InvalidOperationException($"refused: {Encoding.UTF8.GetString(content)}");
            }

            last = kind;
        }

        return last;
    }

    private static bool Fill(Socket socket, byte[] buffer)
    {
        for (int have = 0, count; have < buffer.Length; have += count)
        {
            if ((count = socket.Receive(buffer, have, buffer.Length - have, SocketFlags.None)) == 0)
            {
                return false;
            }
        }

        return true;
    }
}
