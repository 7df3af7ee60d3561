using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Fleet.RootHelper.Tests;

/// <summary>Connects to a socket as another user, as the kernel sees it (SO_PEERCRED): the calling thread alone becomes that user for the while.</summary>
internal static partial class Caller
{
    private static readonly (long SetUsers, long SetGroups) Numbers = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? (147, 149) : (117, 119);

    /// <param name="name">What the client's own socket is bound to first; null: nothing.</param>
    public static Socket Connect(string path, int user, int group, string? name = null)
    {
        Socket? socket = null;
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                if (name is not null)
                {
                    socket.Bind(new UnixDomainSocketEndPoint(name));
                }

                Become(user, group);
                socket.Connect(new UnixDomainSocketEndPoint(path));
            }
            catch (Exception e)
            {
                failure = e;
            }
            finally
            {
                Become(0, 0);
            }
        });
        thread.Start();
        thread.Join();
        return failure is null ? socket! : throw failure;
    }

    // The raw calls, because the C library's own change every thread of the process.
    private static void Become(int user, int group)
    {
        if (user == 0)
        {
            Check(Syscall(Numbers.SetUsers, -1, 0, -1));
            Check(Syscall(Numbers.SetGroups, -1, 0, -1));
        }
        else
        {
            Check(Syscall(Numbers.SetGroups, -1, group, -1));
            Check(Syscall(Numbers.SetUsers, -1, user, -1));
        }
    }

    private static void Check(long answer)
    {
        if (answer != 0)
        {
            throw new UnreachableException($"cannot become another user: {Marshal.GetLastPInvokeErrorMessage()}");
        }
    }

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial long Syscall(long number, nint a, nint b, nint c);
}
