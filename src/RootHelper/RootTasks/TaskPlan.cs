using System.Collections.Immutable;
using System.Security.Cryptography;
using Fleet.Grants;
using Fleet.Privileges;
using Fleet.RootHelper.Linux;
using Fleet.RootTasks;
using Microsoft.Win32.SafeHandles;

namespace Fleet.RootHelper.RootTasks;

/// <summary>A path of the host that is granted.</summary>
/// <param name="Tree">A mount of what was there when it was looked at, not attached yet: nobody can exchange it any more.</param>
internal sealed record GrantedPath(Privilege.UnrestrictedVolume Volume, SafeFileHandle Tree, bool IsFolder);

/// <summary>
/// Everything that a task needs of the host, looked at and opened before its use is burnt: what is not there, not root's alone or beyond this machine is
/// refused while nothing has happened yet.
/// </summary>
/// <param name="Program">The very bytes to run, where the grant has their digest; null: what root keeps at the path.</param>
internal sealed record TaskPlan(
    GrantDocument Grant, RootTask Task, SafeFileHandle? Program, ImmutableArray<GrantedPath> Paths, ImmutableArray<DeviceNode> Devices) : IDisposable
{
    private const int MostInterpreters = 4;
    private const ulong LargestCopy = 512 << 20;

    public bool IsConfined => !Grant.Privileges.Members.Contains(new Privilege.Unconfined());

    /// <exception cref="Denied">As said above; the message says what and where.</exception>
    public static TaskPlan Of(GrantDocument grant, RootTask task)
    {
        try
        {
            Capabilities.Check(grant.Privileges);
            LinuxException.Check(Libc.Open(task.Workdir, Libc.Place | Libc.Folder), $"open the working directory {task.Workdir}").Dispose();
            return new TaskPlan(
                grant, task, task.Program is { } digest ? Copied(task.Argv[0], digest) : Checked(task.Argv[0]),
                [.. grant.Privileges.Members.OfType<Privilege.UnrestrictedVolume>().Select(Open)],
                [.. grant.Privileges.Members.OfType<Privilege.Device>().Select(Node)]);
        }
        catch (IOException e)
        {
            throw new Denied(RootDenial.UnsafePath, e.Message);
        }
    }

    public void Dispose()
    {
        Program?.Dispose();
        Paths.ToList().ForEach(p => p.Tree.Dispose());
    }

    // The program that root keeps there, and what runs it where it is a script.
    private static SafeFileHandle? Checked(string path)
    {
        for (var i = 0; i <= MostInterpreters; i++)
        {
            using var place = RootsOwn.Open(path);
            RefuseUnlessProgram(place, path);
            using var file = LinuxException.Check(Libc.Reopen(place, Libc.ReadOnly), $"read {path}");
            if (Interpreter(file) is not { } interpreter)
            {
                return null;
            }

            path = interpreter;
        }

        throw new IOException($"{path} is run by a script that is run by a script, and so on");
    }

    // Whoever can write the path can exchange what is there, but not the copy, which was made before its digest was taken.
    private static SafeFileHandle Copied(string path, Digest digest)
    {
        using var place = LinuxException.Check(Libc.Open(path, Libc.Place), $"open {path}");
        RefuseUnlessProgram(place, path);
        using var file = LinuxException.Check(Libc.Reopen(place, Libc.ReadOnly | Libc.NonBlock), $"read {path}");
        var copy = LinuxException.Check(Libc.Memory("program"), "make a file in memory");
        if (Libc.Stat(file).Size > LargestCopy)
        {
            throw new IOException($"{path} has more than the {LargestCopy >> 20} MiB that are copied to be run");
        }

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var block = new byte[64 * 1024];
        long at = 0;
        for (int count; (count = RandomAccess.Read(file, block, at)) > 0; at += count)
        {
            hash.AppendData(block, 0, count);
            RandomAccess.Write(copy, block.AsSpan(0, count), at);
        }

        _ = Libc.ChangeMode(copy, 0x16D /* 0555 */);
        if (Interpreter(copy) is { } interpreter)
        {
            _ = Checked(interpreter);
        }

        var have = Digest.Parse($"sha256:{Convert.ToHexStringLower(hash.GetHashAndReset())}");
        return have == digest ? copy : throw new IOException($"{path} is {have}, and {digest} was signed");
    }

    private static void RefuseUnlessProgram(SafeFileHandle place, string path)
    {
        var stat = Libc.Stat(place);
        if (!stat.IsRegular || (stat.Mode & 0x49) == 0)
        {
            throw new IOException($"{path} is not a program: a regular file that may be executed");
        }
    }

    // execve(2): "#!", blanks, the interpreter's path, and at most one argument.
    private static string? Interpreter(SafeFileHandle file)
    {
        var head = new byte[256];
        var text = System.Text.Encoding.UTF8.GetString(head, 0, RandomAccess.Read(file, head, 0));
        return text.StartsWith("#!", StringComparison.Ordinal) ? text[2..].Split('\n')[0].Trim(' ', '\t').Split(' ', '\t')[0] : null;
    }

    private static GrantedPath Open(Privilege.UnrestrictedVolume volume)
    {
        if (volume.Path == "/")
        {
            throw new IOException("the whole file system is not granted as a path: name its folders, or grant unconfined");
        }

        using var root = LinuxException.Check(Libc.Open("/", Libc.Place | Libc.Folder), "open /");
        using var place = LinuxException.Check(
            Libc.OpenAt(root, volume.Path[1..], Libc.Place, Libc.NoSymlinks), $"open {volume.Path}, which is granted (no link is followed on the way)");
        return new GrantedPath(volume, Mounts.Clone(place), Libc.Stat(place).IsFolder);
    }

    private static DeviceNode Node(Privilege.Device device)
    {
        using var place = RootsOwn.Open(Path.GetDirectoryName(device.Path)!);
        using var node = LinuxException.Check(Libc.OpenAt(place, Path.GetFileName(device.Path), Libc.Place | Libc.NoFollow), $"open {device.Path}, which is granted");
        var stat = Libc.Stat(node);
        return stat.IsCharacterDevice || stat.IsBlockDevice
            ? new DeviceNode(device.Path, device.Writable, stat.IsBlockDevice ? "b" : "c", stat.NodeMajor, stat.NodeMinor)
            : throw new IOException($"{device.Path} is not a device");
    }
}
