using System.Collections.Concurrent;
using Fleet.Client.Linux;

namespace Fleet.Host.Logs;

/// <summary>
/// How many bytes were ever cut from the head of a live log while this process runs, and the lock that rotation and readers share.
/// A reader counts its position from the file's beginning, cut bytes included, so that it never repeats or misses a line.
/// Kept for the whole process, as an inode is the kernel's and not one rotator's.
/// </summary>
internal sealed class LogCut
{
    private static readonly ConcurrentDictionary<(uint Major, uint Minor, ulong Inode), LogCut> All = new();

    /// <summary>Held while bytes leave the live file and become FILE.1, and while a piece is read.</summary>
    public Lock Gate { get; } = new();

    /// <summary>Bytes cut so far. Read and written under <see cref="Gate"/>.</summary>
    public long Removed { get; set; }

    public static LogCut Of(Statx stat) => All.GetOrAdd((stat.DeviceMajor, stat.DeviceMinor, stat.Inode), _ => new LogCut());
}
