using System.Net.Sockets;
using System.Text;
using Fleet.Client.Cli;
using Fleet.Host.Linux;

namespace Fleet.Host.Api;

/// <summary>The socket's file: its place before the agent listens, its mode after.</summary>
public static class ApiSocket
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private const UnixFileMode OwnerAndGroup = OwnerOnly | UnixFileMode.GroupRead | UnixFileMode.GroupWrite;

    /// <summary>Removes what a killed agent left. Only a dead socket is removed: never another file, never one that somebody answers at.</summary>
    /// <exception cref="IOException">The place is taken.</exception>
    public static void Clear(string path)
    {
        CheckLength(path);
        if (!Path.Exists(path))
        {
            return;
        }

        Remove(path);
    }

    /// <exception cref="IOException">The kernel takes no path so long.</exception>
    public static void CheckLength(string path)
    {
        if (Encoding.UTF8.GetByteCount(path) > Address.LongestPath)
        {
            throw new IOException($"{path} is too long for a socket: at most {Address.LongestPath} bytes (unix(7)); set fleet.api.socket to a shorter path");
        }
    }

    private static void Remove(string path)
    {
        try
        {
            using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            probe.Connect(new UnixDomainSocketEndPoint(path));
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused && IsSocket(path))
        {
            File.Delete(path);
            return;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AccessDenied)
        {
            throw new IOException($"{path} is somebody else's and closed to the agent: remove it, or set fleet.api.socket to another path");
        }
        catch (SocketException)
        {
            throw new IOException($"{path} is in the way of the agent's socket and is none: remove it, or set fleet.api.socket to another path");
        }

        throw new IOException($"somebody answers at {path}, so another agent runs there: stop it, or set fleet.api.socket to another path");
    }

    /// <summary>
    /// Opens it to its owner, and to the members of the group: where the host has the group, and the agent is a member and so can give it the file.
    /// Else to its owner alone: the file's first group is whatever the agent's user came with, and was not meant.
    /// </summary>
    public static void Protect(string path, int? group) =>
        File.SetUnixFileMode(path, group is { } gid && Files.ChangeOwner(path, -1, gid) == 0 ? OwnerAndGroup : OwnerOnly);

    // connect(2) answers "refused" for a plain file, too; but a socket cannot be opened (open(2), ENXIO).
    private static bool IsSocket(string path)
    {
        try
        {
            using var file = File.OpenHandle(path);
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }
}
