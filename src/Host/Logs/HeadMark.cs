using Fleet.Host.Linux;
using Microsoft.Win32.SafeHandles;

namespace Fleet.Host.Logs;

/// <summary>
/// Tells whether the head of a live log was cut since its copy was made. Comparing contents alone cannot: a job may print the same for ever.
/// For a cut in place the mark is where on the disk the file begins, which a cut changes and nothing else does;
/// for a truncation, during which the writer is frozen, it is the size.
/// </summary>
internal static class HeadMark
{
    private const int Piece = 1 << 20;

    /// <summary>Null: the file system does not tell, or cannot cut the head of a file in place (fallocate(2), FALLOC_FL_COLLAPSE_RANGE).</summary>
    public static string? OfPlace(SafeFileHandle live) => CanCollapse(live) && FirstBlock(live) is { } place ? $"place-{place}" : null;

    public static string OfSize(long size) => $"size-{size}";

    /// <summary>True: the copy's bytes are still at the head of the live log, so the copy can go.</summary>
    public static bool StillInLive(string mark, SafeFileHandle copy, SafeFileHandle live) =>
        (mark == OfPlace(live) || mark == OfSize(RandomAccess.GetLength(copy))) && HeadEquals(copy, live);

    // One byte is never a whole block: a file system that can collapse answers EINVAL and changes nothing.
    private static bool CanCollapse(SafeFileHandle live) =>
        Files.Fallocate(live, Files.CollapseRange, 0, 1) != 0
        && System.Runtime.InteropServices.Marshal.GetLastPInvokeError() == Errno.EINVAL;

    private static string? FirstBlock(SafeFileHandle live)
    {
        var map = new FirstExtent { Length = ulong.MaxValue, Flags = 1, Room = 1 };
        return Files.Fiemap(live, FirstExtent.Request, ref map) == 0 && map.Mapped == 1 ? $"{map.Logical:x}-{map.Physical:x}" : null;
    }

    private static bool HeadEquals(SafeFileHandle copy, SafeFileHandle live)
    {
        var (one, other) = (new byte[Piece], new byte[Piece]);
        var length = RandomAccess.GetLength(copy);
        for (long at = 0; at < length;)
        {
            var read = RandomAccess.Read(copy, one, at);
            var same = ReadExactly(live, other.AsSpan(0, read), at);
            if (read == 0 || !same || !one.AsSpan(0, read).SequenceEqual(other.AsSpan(0, read)))
            {
                return false;
            }

            at += read;
        }

        return true;
    }

    private static bool ReadExactly(SafeFileHandle file, Span<byte> buffer, long at)
    {
        while (buffer.Length > 0)
        {
            var read = RandomAccess.Read(file, buffer, at);
            if (read == 0)
            {
                return false;
            }

            buffer = buffer[read..];
            at += read;
        }

        return true;
    }
}
