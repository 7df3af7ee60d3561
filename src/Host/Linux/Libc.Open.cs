using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Fleet.Host.Linux;

internal static partial class Libc
{
    private const int OpenWithoutWaiting = 0x800 | 0x100 | 0x80000; // O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC
    private const int EmptyPathFlag = 0x1000;
    private const uint StatxType = 1;

    /// <summary>
    /// open(2), of a regular file or a link to one. .NET's own open waits for ever on a FIFO that nobody writes to, and does not tell a device from a file.
    /// </summary>
    /// <exception cref="IOException">It cannot be opened or is something else; the message says which.</exception>
    public static SafeFileHandle OpenRegularFile(string path)
    {
        var descriptor = OpenPath(path, OpenWithoutWaiting);
        if (descriptor < 0)
        {
            throw new IOException(Marshal.GetLastPInvokeErrorMessage().ToLowerInvariant());
        }

        var file = new SafeFileHandle(descriptor, ownsHandle: true);
        if (FileKind(descriptor) is { } other)
        {
            file.Dispose();
            throw new IOException($"it is {other}, not a regular file");
        }

        return file;
    }

    // statx(2) has one layout on all architectures: stx_mode are the two bytes at 28. Null for a regular file (inode(7), S_IFMT).
    private static string? FileKind(int descriptor)
    {
        Span<byte> status = stackalloc byte[256];
        if (StatxOf(descriptor, "", EmptyPathFlag, StatxType, ref status[0]) != 0)
        {
            throw new IOException(Marshal.GetLastPInvokeErrorMessage().ToLowerInvariant());
        }

        return (BitConverter.ToUInt16(status[28..]) & 0xF000) switch
        {
            0x8000 => null,
            0x4000 => "a folder",
            0x2000 or 0x6000 => "a device",
            0x1000 => "a pipe",
            _ => "a socket or the like",
        };
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int OpenPath(string path, int flags);

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int StatxOf(int folder, string path, int flags, uint mask, ref byte status);
}
