using System.Runtime.InteropServices;
using Fleet.Host.Linux;
using Microsoft.Win32.SafeHandles;

namespace Fleet.Host.Logs;

/// <summary>
/// Moves the head of one live log to FILE.1 while its process goes on writing at its end.
/// <code>
///   live > max -> .copying -> (fsync, rename) .copied-MARK -> cut the live file's head -> FILE.1
///                  crash: removed              crash: MARK tells whether the cut was made; the copy goes, or becomes FILE.1
/// </code>
/// The cut is made in place where the file system can (ext4, xfs): the writer has the file open with O_APPEND and notices nothing.
/// Elsewhere the process is frozen for the moment between the last byte's copy and the truncation.
/// FILE.N ... FILE.1 and the live file, one after the other, are exactly what the process wrote; a line may span two of them.
/// Not thread-safe: one rotator per log.
/// </summary>
internal sealed class Rotation(LogFolder folder, string log, LogRotationSettings settings, IFreezer? freezer)
{
    private const int Piece = 1 << 20;
    private readonly RotatedFiles files = new(folder, log, settings.Keep);

    /// <summary>Rotates if the policy says so. Answers the bytes moved; 0: nothing to do, or nothing that could be done now.</summary>
    /// <exception cref="LogRefusedException">Nothing was lost; the live file has all that is not in a rotated one.</exception>
    public long RunIfDue()
    {
        using var live = folder.TryOpenFile(log, write: true);
        if (live is null)
        {
            return 0;
        }

        var stat = LogFolder.StatOf(live);
        var bytes = RotationPolicy.BytesToMove((long)stat.Size, stat.BlockSize, settings);
        if (bytes == 0)
        {
            return 0;
        }

        FinishInterrupted(live);
        return HeadMark.OfPlace(live) is { } mark && CutInPlace(live, bytes, mark) ? bytes : CutFrozen(live);
    }

    /// <summary>Takes up what a killed agent left. Safe to repeat.</summary>
    public void Recover()
    {
        using var live = folder.TryOpenFile(log, write: true);
        if (live is not null)
        {
            FinishInterrupted(live);
        }
    }

    private void FinishInterrupted(SafeFileHandle live)
    {
        folder.Remove(files.Copying);
        foreach (var (name, mark) in files.InHand())
        {
            using var copy = folder.TryOpenFile(name);
            if (copy is not null && HeadMark.StillInLive(mark, copy, live))
            {
                folder.Remove(name);
            }
            else
            {
                files.Push(name);
            }
        }
    }

    private bool CutInPlace(SafeFileHandle live, long bytes, string mark)
    {
        using (var copy = folder.CreateFile(files.Copying))
        {
            Copy(live, copy, 0, bytes);
            Keep(copy, mark);
        }

        var cut = LogCut.Of(LogFolder.StatOf(live));
        lock (cut.Gate)
        {
            if (Files.Fallocate(live, Files.CollapseRange, 0, bytes) != 0)
            {
                return Uncut(Marshal.GetLastPInvokeError(), mark);
            }

            cut.Removed += bytes;
            files.Push(files.Copied(mark));
        }

        return true;
    }

    // EINVAL: such as a file system that cuts only in clusters larger than a block.
    private bool Uncut(int error, string mark)
    {
        folder.Remove(files.Copied(mark));
        return error is Errno.EINVAL or Errno.EOPNOTSUPP
            ? false
            : throw new LogRefusedException($"could not cut {folder.Path}/{log}: {new System.ComponentModel.Win32Exception(error).Message}");
    }

    // Without a freezer nobody is known to write, and so the file does not grow: it is rotated when its process runs again.
    private long CutFrozen(SafeFileHandle live)
    {
        if (freezer is null)
        {
            return 0;
        }

        using var copy = folder.CreateFile(files.Copying);
        var most = RandomAccess.GetLength(live);
        Copy(live, copy, 0, most);
        freezer.Freeze();
        try
        {
            var size = RandomAccess.GetLength(live);
            Copy(live, copy, most, size);
            Keep(copy, HeadMark.OfSize(size));
            Truncate(live, size);
            return size;
        }
        finally
        {
            freezer.Thaw();
        }
    }

    // The copy becomes FILE.1 before the thaw: while it is in hand, the live file's size tells whether it was truncated.
    private void Truncate(SafeFileHandle live, long size)
    {
        var cut = LogCut.Of(LogFolder.StatOf(live));
        lock (cut.Gate)
        {
            RandomAccess.SetLength(live, 0);
            cut.Removed += size;
            files.Push(files.Copied(HeadMark.OfSize(size)));
        }
    }

    private void Keep(SafeFileHandle copy, string mark)
    {
        if (Files.Sync(copy) != 0)
        {
            throw LogFolder.Failure($"sync the copy of {folder.Path}/{log}");
        }

        folder.Rename(files.Copying, files.Copied(mark));
        folder.Sync();
    }

    private void Copy(SafeFileHandle live, SafeFileHandle copy, long from, long to)
    {
        var buffer = new byte[(int)Math.Min(Piece, Math.Max(0, to - from))];
        try
        {
            while (from < to)
            {
                var read = RandomAccess.Read(live, buffer.AsSpan(0, (int)Math.Min(buffer.Length, to - from)), from);
                if (read == 0)
                {
                    throw new LogRefusedException($"{folder.Path}/{log} became shorter while it was rotated; left as it is");
                }

                RandomAccess.Write(copy, buffer.AsSpan(0, read), from);
                from += read;
            }
        }
        catch (Exception e) when (e is not LogRefusedException)
        {
            folder.Remove(files.Copying);
            throw new LogRefusedException($"could not rotate {folder.Path}/{log}: {e.Message}; the log goes on growing, make room");
        }
    }
}
