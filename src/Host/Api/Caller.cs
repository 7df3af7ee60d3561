using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Net.Sockets;
using Fleet.Host.Linux;
using Fleet.Ledger;

namespace Fleet.Host.Api;

/// <summary>Who is at the other end of a unix socket, by the kernel's word (unix(7)): as it was when the caller connected.</summary>
/// <param name="Groups">Its supplementary groups; the effective one is <paramref name="Gid"/>.</param>
public sealed record Caller(int Pid, int Uid, int Gid, ImmutableArray<int> Groups)
{
    private const int SolSocket = 1;
    private const int SoPeerCred = 17;
    private const int SoPeerGroups = 59;
    private const int MostGroups = 65536;

    /// <summary>This process itself; without its groups.</summary>
    public static Caller Self => new(Environment.ProcessId, (int)Credentials.EffectiveUser(), -1, []);

    /// <exception cref="SocketException">Not a unix socket.</exception>
    public static Caller Of(Socket socket)
    {
        var credentials = new byte[12];
        socket.GetRawSocketOption(SolSocket, SoPeerCred, credentials);
        return new Caller(Number(credentials, 0), Number(credentials, 1), Number(credentials, 2), GroupsOf(socket));
    }

    /// <summary>Who listens at an address of this host; null: nobody does.</summary>
    public static Caller? ListenerAt(UnixDomainSocketEndPoint address)
    {
        // Somebody may be between bind(2) and listen(2).
        for (var tries = 0; tries < 20; tries++, Thread.Sleep(10))
        {
            try
            {
                // Not blocking: whoever takes no callers must not hold up this one.
                using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { Blocking = false };
                socket.Connect(address);
                return Of(socket);
            }
            catch (SocketException)
            {
            }
        }

        return null;
    }

    public Principal Principal => new(Hosts.Accounts.UserName((uint)Uid) is { } name ? $"uid:{Uid}({name})" : $"uid:{Uid}", "so_peercred");

    public string Origin => $"unix:{Pid}";

    // The kernel answers ERANGE where the buffer is too short: most callers have few groups, so a short one is tried first.
    private static ImmutableArray<int> GroupsOf(Socket socket)
    {
        for (var size = 64; ; size = MostGroups)
        {
            try
            {
                var groups = new byte[size * 4];
                var length = socket.GetRawSocketOption(SolSocket, SoPeerGroups, groups);
                return [.. Enumerable.Range(0, length / 4).Select(i => Number(groups, i))];
            }
            catch (SocketException) when (size < MostGroups)
            {
            }
        }
    }

    private static int Number(byte[] bytes, int index) =>
        BitConverter.IsLittleEndian ? BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(index * 4)) : BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(index * 4));
}
