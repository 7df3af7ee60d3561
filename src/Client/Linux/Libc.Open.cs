using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Fleet.Client.Linux;

internal static partial class Libc
{
    /// <summary>
    /// open(2), of a regular file or a link to one. .NET's own open waits for ever on a FIFO that nobody writes to, and does not tell a device from a file.
    /// </summary>
    /// <exception cref="IOException">It cannot be opened or is something else; the message says which.</exception>
    public static SafeFileHandle OpenRegularFile(string path)
    {
        var file = Files.Open(path, Files.ReadOnly | Files.NonBlock);
        if (file.IsInvalid || !Files.Stat(file, out var stat))
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

    private static string KindOf(Statx stat) => (stat.Mode & 0xF000) switch
    {
        0x4000 => "a folder",
        0x2000 or 0x6000 => "a device",
        0x1000 => "a pipe",
        _ => "a socket or the like",
    };
}
