using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Fleet.RootHelper.Linux;

/// <summary>unix(7) sockets, poll(2) and pipes.</summary>
internal static partial class Sockets
{
    public const short In = 1, Out = 4;

    private const int Unix = 1, Stream = 1, CloseOnExec = 0x80000, SolSocket = 1, SoPeercred = 17, NoSignal = 0x4000, DontWait = 0x40;

    /// <summary>SO_PEERCRED: who connected, as the kernel took it down then. Nothing that the peer says comes into it.</summary>
    public static Peer PeerOf(SafeFileHandle socket)
    {
        var size = Marshal.SizeOf<Peer>();
        LinuxException.Check(GetOption(socket, SolSocket, SoPeercred, out var peer, ref size), "ask the kernel who connected: standard input is no unix socket");
        return peer;
    }

    /// <summary>Listens at a path that is root's; a socket that was there is taken away.</summary>
    /// <param name="group">Which may connect, beside root.</param>
    public static SafeFileHandle Listen(string path, int group)
    {
        var socket = LinuxException.Check(new SafeFileHandle(Socket(Unix, Stream | CloseOnExec, 0), true), "make a socket");
        var address = new byte[110];
        address[0] = Unix;
        var length = Encoding.UTF8.GetBytes(path, address.AsSpan(2, 107));
        _ = Libc.Unlink(path);
        var mask = Libc.Umask(0x4F /* 0117 */);
        LinuxException.Check(Bind(socket, address, 2 + length + 1), $"listen at {path}");
        _ = Libc.Umask(mask);
        LinuxException.Check(Libc.ChangeOwner(path, 0, group), $"give {path} to group {group}");
        LinuxException.Check(ListenCall(socket, 128), $"listen at {path}");
        return socket;
    }

    /// <summary>Invalid where nobody waits any more.</summary>
    public static SafeFileHandle Accept(SafeFileHandle listening) => new(Accept4(listening, 0, 0, CloseOnExec), true);

    /// <summary>send(2), without waiting and without a signal; -1 with the errno.</summary>
    public static nint Send(SafeFileHandle socket, ReadOnlySpan<byte> bytes) => SendCall(socket, bytes, bytes.Length, DontWait | NoSignal);

    /// <summary>recv(2), without waiting; 0: the other side has closed.</summary>
    public static nint Receive(SafeFileHandle socket, Span<byte> buffer) => ReceiveCall(socket, buffer, buffer.Length, DontWait);

    /// <summary>shutdown(2) of what is sent: the other side reads to the end. Nothing happens where it is gone.</summary>
    public static void End(SafeFileHandle socket) => _ = Shutdown(socket, 1 /* SHUT_WR */);

    public static (SafeFileHandle Read, SafeFileHandle Write) Pipe()
    {
        Span<int> ends = stackalloc int[2];
        LinuxException.Check(Pipe2(ends, CloseOnExec), "make a pipe");
        return (new SafeFileHandle(ends[0], true), new SafeFileHandle(ends[1], true));
    }

    /// <summary>poll(2), once more where a signal came between.</summary>
    /// <param name="milliseconds">-1: for ever.</param>
    public static void Wait(Span<Waiting> on, int milliseconds)
    {
        while (Poll(on, (nuint)on.Length, milliseconds) < 0)
        {
            if (Libc.Error != Libc.EINTR)
            {
                throw new LinuxException("wait");
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    private static partial int Socket(int domain, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "bind", SetLastError = true)]
    private static partial int Bind(SafeFileHandle socket, ReadOnlySpan<byte> address, int length);

    [LibraryImport("libc", EntryPoint = "listen", SetLastError = true)]
    private static partial int ListenCall(SafeFileHandle socket, int backlog);

    [LibraryImport("libc", EntryPoint = "accept4", SetLastError = true)]
    private static partial int Accept4(SafeFileHandle socket, nint address, nint length, int flags);

    [LibraryImport("libc", EntryPoint = "getsockopt", SetLastError = true)]
    private static partial int GetOption(SafeFileHandle socket, int level, int option, out Peer peer, ref int length);

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    private static partial nint SendCall(SafeFileHandle socket, ReadOnlySpan<byte> buffer, nint length, int flags);

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    private static partial nint ReceiveCall(SafeFileHandle socket, Span<byte> buffer, nint length, int flags);

    [LibraryImport("libc", EntryPoint = "shutdown", SetLastError = true)]
    private static partial int Shutdown(SafeFileHandle socket, int how);

    [LibraryImport("libc", EntryPoint = "pipe2", SetLastError = true)]
    private static partial int Pipe2(Span<int> ends, int flags);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int Poll(Span<Waiting> on, nuint count, int milliseconds);
}

/// <summary>struct ucred.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Peer
{
    public int Pid;
    public uint User;
    public uint Group;
}

/// <summary>struct pollfd. A negative descriptor is passed over.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Waiting
{
    public int Descriptor;
    public short For;
    public short Ready;

    public static Waiting On(SafeFileHandle? file, short @for) => new() { Descriptor = file is null ? -1 : (int)file.DangerousGetHandle(), For = @for };
}
