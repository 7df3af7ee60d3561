using System.Runtime.InteropServices;
using System.Text;
using Fleet.Client.Linux;
using Fleet.Host.Linux;
using Microsoft.Win32.SafeHandles;

namespace Fleet.Host.Hosts;

/// <summary>Makes what root decides by where root alone can change it: folder by folder, by descriptor, and through no link; what is somebody else's is refused.</summary>
internal static class RootsFolder
{
    private const uint Usual = 0x1ED /* 0755 */, UsualFile = 0x1A4 /* 0644 */;

    /// <param name="mode">Exactly, of the last one; null: one that is there stays as open or closed as it is.</param>
    /// <exception cref="HostInitException">A folder on the way is not root's alone, or is a link.</exception>
    public static SafeFileHandle Make(string path, uint? mode = null)
    {
        var (at, name) = (Files.OpenPlace("/"), "");
        foreach (var part in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            using var parent = at;
            name = $"{name}/{part}";
            at = Step(parent, part, name);
        }

        return mode is { } exact && Files.ChangeMode(at, exact) != 0 ? throw Failed("set the mode of", path) : at;
    }

    /// <summary>Renamed into place: whoever reads it finds the old text or the new.</summary>
    public static void Write(string path, string text)
    {
        using var folder = Make(Path.GetDirectoryName(path)!);
        var (name, part) = (Path.GetFileName(path), $".{Path.GetFileName(path)}.new");
        _ = Files.UnlinkAt(folder, part, 0);
        using var file = Files.OpenAt2(folder, part, Files.ReadWrite | Files.Create | Files.Exclusive, UsualFile, Files.ResolveNoSymlinks | Files.ResolveBeneath);
        if (file.IsInvalid)
        {
            throw Failed("write", path);
        }

        RandomAccess.Write(file, Encoding.UTF8.GetBytes(text), 0);
        if (Files.ChangeMode(file, UsualFile) != 0 || Files.Sync(file) != 0 || Files.RenameAt(folder, part, folder, name) != 0)
        {
            throw Failed("write", path);
        }
    }

    private static SafeFileHandle Step(SafeFileHandle parent, string part, string name)
    {
        var made = Files.MakeFolderAt(parent, part, Usual) == 0;
        if (!made && Marshal.GetLastPInvokeError() != Errno.EEXIST)
        {
            throw Failed("make", name);
        }

        var next = Files.OpenAt2(parent, part, Libc.ReadOnly | Files.Directory, 0, Files.ResolveNoSymlinks | Files.ResolveBeneath);
        if (next.IsInvalid)
        {
            throw Failed("open without following a link", name);
        }

        if (made)
        {
            _ = Files.ChangeMode(next, Usual); // whatever root's umask is
        }

        return RootsPath.Mistake(name, Files.StatOf(next)) is { } mistake ? throw new HostInitException(mistake.Detail, mistake.Remedy) : next;
    }

    private static HostInitException Failed(string what, string path) =>
        new($"could not {what} {path}: {Marshal.GetLastPInvokeErrorMessage().ToLowerInvariant()}", "see the reason, then run it again");
}
