using System.Net.Sockets;
using Fleet.Host.Linux;

namespace Fleet.Host.Tests.Linux;

public sealed class UnixSocketsTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("fleet-sockets-").FullName;

    private string At => $"{folder}/a.sock";

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void A_connection_counts_from_its_first_byte_until_the_server_has_closed_it_also_when_its_client_is_gone()
    {
        Assert.Null(UnixSockets.IsSpokenWith(At));
        using var listener = Listen();
        Assert.False(UnixSockets.IsSpokenWith(At));
        using (var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            client.Connect(new UnixDomainSocketEndPoint(At));
        }

        Assert.True(UnixSockets.IsSpokenWith(At));
        var accepted = listener.Accept();
        Assert.True(UnixSockets.IsSpokenWith(At));
        accepted.Dispose();
        Assert.False(UnixSockets.IsSpokenWith(At));
    }

    [Fact]
    public void What_waited_to_be_accepted_is_gone_with_the_listener()
    {
        using var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        using (Listen())
        {
            client.Connect(new UnixDomainSocketEndPoint(At));
        }

        File.Delete(At);
        using var next = Listen();
        Assert.False(UnixSockets.IsSpokenWith(At));
    }

    [Fact]
    public void A_path_with_a_blank_is_one_path_and_no_other_s() => Assert.Equal(
        (false, (bool?)null),
        (UnixSockets.IsSpokenWith("/run/a b", "Num\n0: 00000002 00000000 00010000 0001 01 7 /run/a b\n1: 00000003 00000000 00000000 0001 03 8 /run/a\n"),
            UnixSockets.IsSpokenWith("/run/a", "1: 00000003 00000000 00000000 0001 03 8 /run/a\n")));

    private Socket Listen()
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(At));
        socket.Listen();
        return socket;
    }
}
