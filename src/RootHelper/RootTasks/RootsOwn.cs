using Fleet.RootHelper.Linux;
using Microsoft.Win32.SafeHandles;

namespace Fleet.RootHelper.RootTasks;

/// <summary>
/// Opens what nobody but root can have put where it is: every folder on the way, every link and the thing itself belong to root and can be written by nobody
/// else. Each step is looked at after it was opened, so that nothing can be exchanged in between.
/// </summary>
internal static class RootsOwn
{
    private const int MostLinks = 40;

    /// <summary>A mere place (O_PATH).</summary>
    /// <param name="path">Absolute.</param>
    /// <exception cref="IOException">It is not there, or not root's alone; the message says which part.</exception>
    public static SafeFileHandle Open(string path) => Open(path, othersToo: false);

    /// <summary>
    /// What may lie in a folder of others: links are followed as far as root alone has made them, and from the first part on that is another's none is.
    /// </summary>
    /// <exception cref="IOException">It is not there, or a link stands where others can put one.</exception>
    public static SafeFileHandle OpenOthers(string path) => Open(path, othersToo: true);

    private static SafeFileHandle Open(string path, bool othersToo)
    {
        if (!path.StartsWith('/'))
        {
            throw new IOException($"'{path}' is not an absolute path: where it leads would be up to who runs it");
        }

        var left = new Stack<string>(Parts(path).Reverse());
        var at = Root();
        for (var links = 0; left.TryPop(out var name);)
        {
            using var folder = at;
            at = LinuxException.Check(Libc.OpenAt(folder, name, Libc.Place | Libc.NoFollow), $"open {name} of {path}");
            var stat = Libc.Stat(at);
            if (stat.IsLink)
            {
                at = Follow(at, folder, left, ++links, path);
            }
            else if (!stat.IsRootsAlone && othersToo)
            {
                return left.Count == 0 ? at : Below(at, string.Join('/', left), path);
            }
            else if (!stat.IsRootsAlone)
            {
                throw new IOException($"{path} is not root's alone: {name} belongs to uid {stat.User} and has mode 0{Convert.ToString(stat.Mode & 0xFFF, 8)}");
            }
        }

        return at;
    }

    /// <summary>The content of a file that is so, and that no link leads to.</summary>
    public static byte[] Read(string path, int longest)
    {
        using var place = Open(path);
        using var file = LinuxException.Check(Libc.Reopen(place, Libc.ReadOnly | Libc.NonBlock), $"read {path}");
        var stat = Libc.Stat(file);
        if (!stat.IsRegular || stat.Size > (ulong)longest)
        {
            throw new IOException($"{path} is not a regular file of at most {longest} bytes");
        }

        var bytes = new byte[stat.Size];
        var length = RandomAccess.Read(file, bytes, 0);
        return length == bytes.Length ? bytes : throw new IOException($"{path} changed while it was read");
    }

    private static SafeFileHandle Below(SafeFileHandle folder, string rest, string path)
    {
        using var closing = folder;
        return LinuxException.Check(Libc.Resolve(folder, rest, Libc.Place, Libc.NoSymlinks | Libc.Beneath), $"open {path} (where others than root can write, no link is followed)");
    }

    // A link in a folder of root's alone was made by root, so it says what root wants; where it leads is looked at like all else.
    private static SafeFileHandle Follow(SafeFileHandle link, SafeFileHandle folder, Stack<string> left, int links, string path)
    {
        using var closing = link;
        if (links > MostLinks)
        {
            throw new IOException($"{path} leads through more than {MostLinks} links");
        }

        var target = Libc.ReadLink(link);
        foreach (var part in Parts(target).Reverse())
        {
            left.Push(part);
        }

        return target.StartsWith('/') ? Root() : LinuxException.Check(Libc.OpenAt(folder, ".", Libc.Place | Libc.Folder), "open a folder again");
    }

    private static SafeFileHandle Root() => LinuxException.Check(Libc.Open("/", Libc.Place | Libc.Folder), "open /");

    private static string[] Parts(string path) => path.Split('/', StringSplitOptions.RemoveEmptyEntries);
}
