using Fleet.Client.Linux;
using Microsoft.Win32.SafeHandles;

namespace Fleet.Host.Logs;

/// <summary>
/// A live log and its rotated files as one stream of bytes. Positions count from the first byte this process knows of, cut ones included:
/// the live file is [Removed, End), FILE.1 ends where it begins, and so on.
/// </summary>
internal sealed class LogView : IDisposable
{
    private const int MostRotated = 100;
    private readonly LogFolder folder;
    private readonly string log;
    private readonly SafeFileHandle live;
    private readonly Statx identity;
    private readonly LogCut cut;

    private LogView(LogFolder folder, string log, SafeFileHandle live)
    {
        (this.folder, this.log, this.live) = (folder, log, live);
        identity = LogFolder.StatOf(live);
        cut = LogCut.Of(identity);
    }

    /// <summary>Null: there is no such log yet.</summary>
    public static LogView? TryOpen(string path)
    {
        var folder = LogFolder.TryOpen(Path.GetDirectoryName(path)!);
        try
        {
            var live = folder?.TryOpenFile(Path.GetFileName(path));
            if (live is not null)
            {
                return new LogView(folder!, Path.GetFileName(path), live);
            }
        }
        catch
        {
            folder?.Dispose();
            throw;
        }

        folder?.Dispose();
        return null;
    }

    public long End
    {
        get
        {
            lock (cut.Gate)
            {
                return cut.Removed + RandomAccess.GetLength(live);
            }
        }
    }

    /// <summary>Where the live file begins.</summary>
    public long LiveStart
    {
        get
        {
            lock (cut.Gate)
            {
                return cut.Removed;
            }
        }
    }

    /// <summary>Of the oldest byte that is still kept; may be negative, as files of an earlier agent count backwards.</summary>
    public long Start
    {
        get
        {
            lock (cut.Gate)
            {
                return cut.Removed - Rotated().Sum(file => file.Size);
            }
        }
    }

    /// <summary>Reads at a position, or at the oldest kept byte after it. 0 bytes: nothing is there yet.</summary>
    /// <param name="position">Moved behind what was read.</param>
    public int Read(ref long position, Span<byte> buffer)
    {
        lock (cut.Gate)
        {
            // The process or a person emptied the file: all that it holds now is new.
            position = position > cut.Removed + RandomAccess.GetLength(live) ? cut.Removed : position;
            var read = position >= cut.Removed ? RandomAccess.Read(live, buffer, position - cut.Removed) : ReadRotated(ref position, buffer);
            position += read;
            return read;
        }
    }

    /// <summary>True: another file stands under the log's name by now.</summary>
    public bool IsReplaced => !folder.TryStat(log, out var now)
        || (now.Inode, now.DeviceMajor, now.DeviceMinor) != (identity.Inode, identity.DeviceMajor, identity.DeviceMinor);

    public void Dispose()
    {
        live.Dispose();
        folder.Dispose();
    }

    private IEnumerable<(string Name, long Size)> Rotated() => new RotatedFiles(folder, log, MostRotated).Newest();

    private int ReadRotated(ref long position, Span<byte> buffer)
    {
        var end = cut.Removed;
        var oldest = ((string Name, long Size)?)null;
        foreach (var file in Rotated())
        {
            oldest = file;
            end -= file.Size;
            if (position >= end)
            {
                break;
            }
        }

        position = Math.Max(position, end);
        return oldest is null ? RandomAccess.Read(live, buffer, 0) : ReadRotated(oldest.Value.Name, position - end, buffer);
    }

    private int ReadRotated(string name, long offset, Span<byte> buffer)
    {
        using var file = folder.TryOpenFile(name);
        return file is null ? 0 : RandomAccess.Read(file, buffer, offset);
    }
}
