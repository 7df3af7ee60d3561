using System.Collections.Immutable;
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
/// <param name="Bound">The program as it was opened, where the grant has its digest; null: what root keeps at the path.</param>
internal sealed record TaskPlan(
    GrantDocument Grant, RootTask Task, SafeFileHandle? Bound, ImmutableArray<GrantedPath> Paths, ImmutableArray<DeviceNode> Devices) : IDisposable
{
    public bool IsConfined => !Grant.Privileges.Members.Contains(new Privilege.Unconfined());

    /// <exception cref="Denied">As said above; the message says what and where.</exception>
    public static TaskPlan Of(GrantDocument grant, RootTask task)
    {
        try
        {
            Capabilities.Check(grant.Privileges);

            // Root's alone, as the program: in a folder that others can write, what a relative path of a signed command means would be up to them.
            using (var workdir = RootsOwn.Open(task.Workdir))
            {
                LinuxException.Check(Libc.Reopen(workdir, Libc.Place | Libc.Folder), $"begin in {task.Workdir}").Dispose();
            }

            ProgramFile.Check(RootTaskSpec.Init, null);
            return new TaskPlan(
                grant, task, ProgramFile.Check(task.Argv[0], task.Program),
                [.. grant.Privileges.Members.OfType<Privilege.UnrestrictedVolume>().Select(Open).OrderBy(p => p.Volume.Path.Count(c => c == '/'))],
                [.. grant.Privileges.Members.OfType<Privilege.Device>().Select(Node)]);
        }
        catch (IOException e)
        {
            throw new Denied(RootDenial.UnsafePath, e.Message);
        }
    }

    /// <summary>The very bytes to run, where the grant has their digest. Made only for a use that is burnt: it takes as much memory as the program has.</summary>
    /// <exception cref="IOException">It is not what it was any more.</exception>
    public SafeFileHandle? Program() => Bound is null ? null : ProgramFile.Copy(Bound, Task.Argv[0], Task.Program!.Value);

    public void Dispose()
    {
        Bound?.Dispose();
        Paths.ToList().ForEach(p => p.Tree.Dispose());
    }

    private static GrantedPath Open(Privilege.UnrestrictedVolume volume)
    {
        if (volume.Path == "/" || volume.Path.Split('/')[1] == TaskRoot.ProgramFolder)
        {
            throw new IOException($"{volume.Path} is not granted as a path: name folders of the host, or grant unconfined");
        }

        using var root = LinuxException.Check(Libc.Open("/", Libc.Place | Libc.Folder), "open /");
        using var place = LinuxException.Check(
            Libc.Resolve(root, volume.Path[1..], Libc.Place, Libc.NoSymlinks), $"open {volume.Path}, which is granted (no link is followed on the way)");
        return new GrantedPath(volume, Mounts.Clone(place), Libc.Stat(place).IsFolder);
    }

    /// <summary>A device as root has it: below folders of root's alone.</summary>
    /// <exception cref="IOException">It is not there, or no device.</exception>
    public static DeviceNode Node(Privilege.Device device)
    {
        using var place = RootsOwn.Open(Path.GetDirectoryName(device.Path)!);
        using var node = LinuxException.Check(Libc.OpenAt(place, Path.GetFileName(device.Path), Libc.Place | Libc.NoFollow), $"open {device.Path}, which is granted");
        var stat = Libc.Stat(node);
        return stat.IsCharacterDevice || stat.IsBlockDevice
            ? new DeviceNode(device.Path, device.Writable, stat.IsBlockDevice ? "b" : "c", stat.NodeMajor, stat.NodeMinor)
            : throw new IOException($"{device.Path} is not a device");
    }
}
