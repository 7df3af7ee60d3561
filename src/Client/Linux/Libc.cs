using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Fleet.Client.Linux;

/// <summary>System calls on files that .NET has no door to, as far as the command line needs them; the host's program, which sees these, has more in Fleet.Host.Linux.</summary>
internal static partial class Libc
{
    public const int ReadOnly = 0, NonBlock = 0x800, CloseOnExec = 0x80000;

    private const int AtFdCwd = -100, AtEmptyPath = 0x1000;
    private const uint StatxBasic = 0x7ff;

    /// <summary>
    /// open(2), of a regular file or a link to one. .NET's own open waits for ever on a FIFO that nobody writes to, and does not tell a device from a file.
    /// </summary>
    /// <exception cref="IOException">It cannot be opened or is something else; the message says which.</exception>
    public static SafeFileHandle OpenRegularFile(string path)
    {
        var file = Open(path, ReadOnly | NonBlock);
        if (file.IsInvalid || !Stat(file, out var stat))
        {
            throw new IOException(Marshal.GetLastPInvokeErrorMessage().ToLowerInvariant());
        }

        if (!stat.IsRegular)
        {
            file.Dispose();
            throw new IOException($"it is {KindOf(stat)}, not a regular file");
        }

        return file;
    }

    /// <summary>open(2) with O_CLOEXEC. Answers an invalid handle on failure; the error is Marshal.GetLastPInvokeError().</summary>
    public static SafeFileHandle Open(string path, int flags, uint mode = 0) => new(OpenAt(AtFdCwd, path, flags | CloseOnExec, mode), ownsHandle: true);

    /// <summary>statx(2) of what the descriptor refers to. Answers false on failure; the error is Marshal.GetLastPInvokeError().</summary>
    public static bool Stat(SafeHandle file, out Statx stat) => StatAt(file, "", AtEmptyPath, out stat);

    /// <summary>statx(2) of a name in a folder.</summary>
    /// <param name="flags">AT_SYMLINK_NOFOLLOW and the like.</param>
    public static bool StatAt(SafeHandle folder, string name, int flags, out Statx stat) => Statx(folder, name, flags, StatxBasic, out stat) == 0;

    private static string KindOf(Statx stat) => (stat.Mode & 0xF000) switch
    {
        0x4000 => "a folder",
        0x2000 or 0x6000 => "a device",
        0x1000 => "a pipe",
        _ => "a socket or the like",
    };

    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenAt(int folder, string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(SafeHandle folder, string name, int flags, uint mask, out Statx stat);
}
