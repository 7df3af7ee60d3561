using System.Net.Sockets;
using Fleet.Host.RootTasks;
using Fleet.RootTasks;

namespace Fleet.Host.Tests.Grants;

/// <summary>A helper that does not go on keeps nobody waiting for ever: whoever asked it is told.</summary>
public sealed class RootConnectionTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(0.5);

    private readonly string folder = Directory.CreateTempSubdirectory("fleet-root-connection-").FullName;
    private readonly Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    public RootConnectionTests()
    {
        listener.Bind(new UnixDomainSocketEndPoint(At));
        listener.Listen();
    }

    private string At => $"{folder}/root.sock";

    public void Dispose()
    {
        listener.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_listener_that_is_stopped_is_given_up_also_in_the_middle_of_a_word()
    {
        using var connection = await RootConnection.Open(At, new RootRequest.Log(0), Patience);
        using var helper = await listener.AcceptAsync();
        await helper.SendAsync(Head(RootFrame.Log, 100));

        var e = await Assert.ThrowsAsync<SocketException>(() => Read(connection, 1));

        Assert.Equal(SocketError.TimedOut, e.SocketErrorCode);
    }

    [Fact]
    public async Task One_that_takes_nothing_more_is_given_up()
    {
        using var connection = await RootConnection.Open(At, new RootRequest.Log(0), Patience);

        var e = await Assert.ThrowsAsync<SocketException>(async () =>
        {
            while (true)
            {
                await connection.Send(RootFrame.Content, new byte[RootFrames.Longest]);
            }
        });

        Assert.Equal(SocketError.TimedOut, e.SocketErrorCode);
    }

    [Fact]
    public async Task A_task_that_has_started_says_something_when_it_likes()
    {
        using var connection = await RootConnection.Open(At, new RootRequest.Log(0), Patience);
        using var helper = await listener.AcceptAsync();
        await helper.SendAsync(Head(RootFrame.Started, 0));
        var read = Read(connection, 2);

        await Task.Delay(2 * Patience);
        Assert.False(read.IsCompleted);
        await helper.SendAsync(Head(RootFrame.Stdout, 0));

        Assert.Equal([RootFrame.Started, RootFrame.Stdout], await read);
    }

    private static async Task<List<RootFrame>> Read(RootConnection connection, int count)
    {
        var kinds = new List<RootFrame>();
        await foreach (var (kind, _) in connection.Frames())
        {
            kinds.Add(kind);
            if (kinds.Count == count)
            {
                break;
            }
        }

        return kinds;
    }

    private static byte[] Head(RootFrame kind, int length)
    {
        var head = new byte[RootFrames.HeadLength];
        RootFrames.WriteHead(head, kind, length);
        return head;
    }
}
