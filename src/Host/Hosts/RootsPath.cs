using System.Runtime.InteropServices;
using Fleet.Client.Linux;
using Fleet.Host.Linux;
using Microsoft.Win32.SafeHandles;

namespace Fleet.Host.Hosts;

/// <summary>
/// Something by which root decides. It is opened folder by folder, no link is followed, and what was opened is judged, not its name: whoever can write one
/// folder on the way can put something else in its place.
/// </summary>
internal abstract record RootsPath
{
    private const uint WritableByOthers = 0x12;
    private const long Longest = 1 << 20;

    private RootsPath()
    {
    }

    /// <summary>The folders on the way are as they should be; itself it is not judged yet.</summary>
    public sealed record Found(string Path, SafeFileHandle Handle, Statx Stat) : RootsPath;

    /// <summary>It is not there, and only root can put it there.</summary>
    public sealed record Absent : RootsPath;

    /// <summary>It could not be told by who asked.</summary>
    public sealed record Closed(string Detail) : RootsPath;

    public sealed record Wrong(string Detail, string Remedy) : RootsPath;

    /// <summary>Of all but <see cref="Found"/> and <see cref="Absent"/>.</summary>
    public DoctorLine Line(string name) => this switch
    {
        Closed closed => DoctorLine.Warn(name, closed.Detail, "sudo fleet doctor"),
        Wrong wrong => DoctorLine.Fail(name, wrong.Detail, wrong.Remedy),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    /// <param name="flags">Of openat2(2), for the last component; O_PATH opens a socket too, and needs no right to it.</param>
    public static RootsPath Open(string path, int flags = Files.Place)
    {
        var (at, name) = (Files.OpenPlace("/"), "");
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        for (var i = 0; i < parts.Length; i++)
        {
            using var parent = at;
            if (Mistake(name.Length == 0 ? "/" : name, Files.StatOf(parent)) is { } mistake)
            {
                return mistake;
            }

            name = $"{name}/{parts[i]}";
            at = Files.OpenAt2(parent, parts[i], i == parts.Length - 1 ? flags : Files.Place, 0, Files.ResolveNoSymlinks | Files.ResolveBeneath);
            if (at.IsInvalid)
            {
                return NotOpened(name, Marshal.GetLastPInvokeError());
            }
        }

        return new Found(name, at, Files.StatOf(at));
    }

    /// <summary>The bytes of a regular file that root alone can write, and on the way to which root alone can change anything.</summary>
    /// <param name="bytes">Only where it was found.</param>
    public static RootsPath Read(string path, out byte[] bytes)
    {
        bytes = [];
        var opened = Open(path, Libc.ReadOnly | Libc.NonBlock);
        if (opened is not Found found)
        {
            return opened;
        }

        using var handle = found.Handle;
        if (!found.Stat.IsRegular || found.Stat.Size > Longest)
        {
            return new Wrong($"{path} is not a regular file of at most 1 MiB", $"write it anew, as root: {path}");
        }

        if (Mistake(path, found.Stat) is { } mistake)
        {
            return mistake;
        }

        bytes = new byte[found.Stat.Size];
        bytes = bytes[..RandomAccess.Read(handle, bytes, 0)];
        return found;
    }

    /// <summary>Null: it is root's, and nobody else can write it.</summary>
    public static Wrong? Mistake(string path, Statx stat) =>
        stat.User != 0 ? new($"{path} belongs to {Accounts.NameOf(stat.User)}, not to root", $"see what stands in it, then: chown root:root {path}")
        : (stat.Permissions & WritableByOthers) != 0 ? new($"{path} can be written by others than root (mode {FolderRequirement.Octal(stat.Permissions)})",
            $"see what stands in it, then: chmod go-w {path}")
        : null;

    private static RootsPath NotOpened(string path, int errno) => errno switch
    {
        Errno.ENOENT => new Absent(),
        Errno.ELOOP => new Wrong($"{path} is a link, and none is followed here", $"put in its place what it leads to: {path}"),
        Errno.ENOTDIR => new Wrong($"{path} is below something that is not a folder", "make the folder, as root"),
        Errno.EACCES or Errno.EPERM => new Closed($"{path} can be looked at by root alone"),
        _ => new Wrong($"{path} cannot be opened: {Marshal.GetPInvokeErrorMessage(errno).ToLowerInvariant()}", "see the reason, then ask again"),
    };
}
