using System.ComponentModel;
using System.Runtime.InteropServices;
using Fleet.Client.Linux;
using Fleet.Host.Linux;
using Microsoft.Win32.SafeHandles;

namespace Fleet.Host.Logs;

/// <summary>
/// A job's log folder, which the job can write: it may plant links, pipes and hard links under any name. So the folder is opened once,
/// files are opened beneath it without following links, and only a regular file with exactly one name is taken for a log.
/// </summary>
internal sealed class LogFolder : IDisposable
{
    private readonly SafeFileHandle handle;

    private LogFolder(string path, SafeFileHandle handle) => (Path, this.handle) = (path, handle);

    public string Path { get; }

    /// <summary>The folder itself must not be a link; what is above it belongs to the agent. Null: there is no such folder.</summary>
    public static LogFolder? TryOpen(string path)
    {
        var handle = Libc.Open(path, Libc.ReadOnly | Files.Directory | Files.NoFollow);
        return handle.IsInvalid ? Missing<LogFolder>(path) : new LogFolder(path, handle);
    }

    /// <summary>Null: there is no such file. A file opened for writing is opened for reading as well.</summary>
    /// <exception cref="LogRefusedException">Something else than a log stands there.</exception>
    public SafeFileHandle? TryOpenFile(string name, bool write = false)
    {
        // O_NONBLOCK: opening a planted pipe must not wait for its other end.
        var flags = (write ? Files.ReadWrite : Libc.ReadOnly) | Files.NoFollow | Libc.NonBlock;
        var file = Files.OpenAt2(handle, name, flags, 0, Files.ResolveNoSymlinks | Files.ResolveBeneath);
        if (file.IsInvalid && Marshal.GetLastPInvokeError() == Errno.EACCES && ClosedLog.Open(handle, Path, name))
        {
            file.Dispose();
            file = Files.OpenAt2(handle, name, flags, 0, Files.ResolveNoSymlinks | Files.ResolveBeneath);
        }

        if (file.IsInvalid)
        {
            return Missing<SafeFileHandle>(name);
        }

        var stat = StatOf(file);
        if (stat is { IsRegular: true, Links: 1 })
        {
            return file;
        }

        file.Dispose();
        throw new LogRefusedException($"{Path}/{name} is not a log: a log is a regular file with one name, "
            + $"this one has type {stat.Mode >> 12:x} and {stat.Links} names; remove it");
    }

    /// <summary>A new file, made by nobody else.</summary>
    public SafeFileHandle CreateFile(string name)
    {
        var flags = Files.ReadWrite | Files.Create | Files.Exclusive | Files.NoFollow;
        var file = Files.OpenAt2(handle, name, flags, 0x1A4 /* 0644 */, Files.ResolveNoSymlinks | Files.ResolveBeneath);
        return file.IsInvalid ? throw Failure($"make {Path}/{name}") : file;
    }

    public bool Has(string name) => TryStat(name, out _);

    /// <summary>A link is not followed.</summary>
    public bool TryStat(string name, out Statx stat) => Files.StatAt(handle, name, out stat);

    /// <summary>The file's size if the agent itself made it; what a job planted under that name is not ours.</summary>
    public long? SizeOfOwn(string name) =>
        Files.StatAt(handle, name, out var stat) && stat is { IsRegular: true, Links: 1 } && stat.User == Credentials.EffectiveUser()
            ? (long)stat.Size
            : null;

    /// <summary>Renames a link itself, never what it points to.</summary>
    public void Rename(string from, string to) => Check(Files.RenameAt(handle, from, handle, to), $"rename {Path}/{from} to {to}");

    public void Remove(string name)
    {
        if (Files.UnlinkAt(handle, name, 0) != 0 && Marshal.GetLastPInvokeError() != Errno.ENOENT)
        {
            throw Failure($"remove {Path}/{name}");
        }
    }

    /// <summary>Makes renames and new names durable.</summary>
    public void Sync() => Check(Files.Sync(handle), $"sync {Path}");

    /// <summary>Names of files that begin so, as strings only: each is still to be opened by <see cref="TryOpenFile"/>.</summary>
    public IReadOnlyList<string> Names(string prefix) =>
        [.. System.IO.Directory.EnumerateFileSystemEntries($"/proc/self/fd/{handle.DangerousGetHandle()}")
            .Select(entry => System.IO.Path.GetFileName(entry))
            .Where(name => name.StartsWith(prefix, StringComparison.Ordinal))];

    public void Dispose() => handle.Dispose();

    public static Statx StatOf(SafeFileHandle file) =>
        Libc.Stat(file, out var stat) ? stat : throw Failure("stat an open log");

    public static LogRefusedException Failure(string what) =>
        new($"could not {what}: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}");

    private static void Check(int answer, string what)
    {
        if (answer != 0)
        {
            throw Failure(what);
        }
    }

    private T? Missing<T>(string name)
        where T : class => Missing<T>(name, Path);

    private static T? Missing<T>(string name, string folder = "")
        where T : class => Marshal.GetLastPInvokeError() switch
        {
            Errno.ENOENT => null,
            Errno.ELOOP => throw new LogRefusedException($"{folder}/{name} is a symbolic link, which a log must not be; remove it"),
            _ => throw Failure($"open {folder}/{name}"),
        };
}
