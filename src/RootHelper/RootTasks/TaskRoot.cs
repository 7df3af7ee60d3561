using System.Globalization;
using System.Text.Json;
using Fleet.Privileges;
using Fleet.RootHelper.Linux;
using Fleet.RootTasks;
using Fleet.Sandboxes;
using Microsoft.Win32.SafeHandles;

namespace Fleet.RootHelper.RootTasks;

/// <summary>
/// The root file system of one task and its OCI bundle, in a mount namespace of the helper's own: seen by nobody else, and gone with the helper.
/// The host's own files, read-only, without devices and set-user-id programs; /run is empty, for in it are the sockets by which one commands the system.
/// </summary>
internal sealed class TaskRoot
{
    private const string Runtime = "/usr/bin/crun", IsReadOnly = "_LIBCONTAINER_CLONED_BINARY=1";

    // Filled by the runtime, or, /run, by what is granted below it.
    private static readonly string[] Own = ["proc", "dev", "run", ProgramFolder];

    /// <summary>At the top of a task's root, where no granted path can lie: the copy of a program that is bound by its digest.</summary>
    public const string ProgramFolder = ".fleet-program";

    private readonly Places places;
    private readonly string name;
    private readonly bool hasHostPids;

    private TaskRoot(Places places, string name, PrivilegeSet privileges) =>
        (this.places, this.name, hasHostPids) = (places, name, privileges.Members.Contains(new Privilege.HostPidNamespace()));

    /// <summary>
    /// The pid of the task's first process, once it is known. Only where the host's pids are granted: the runtime then waits for all that the task has started
    /// to end, and not for its first process alone.
    /// </summary>
    public Func<int?>? FirstProcess => hasHostPids ? ReadPid : null;

    private string Folder => $"{places.Work}/rootfs";

    private string Bundle => $"{places.Work}/bundle";

    // The runtime, where nobody can write it by way of a process that it has become.
    private string OwnRuntime => $"{places.Work}/crun";

    /// <exception cref="IOException">A mount failed; nothing runs yet.</exception>
    public static TaskRoot Make(TaskPlan plan, SafeFileHandle? bound, Places places, string name)
    {
        var root = new TaskRoot(places, name, plan.Grant.Privileges);
        _ = Libc.Umask(0x12 /* 0022 */); // what a task that is not root finds on its way
        Mounts.Unshare();
        using var host = LinuxException.Check(Libc.Open("/", Libc.ReadOnly | Libc.Folder), "open /");
        Mounts.Tmpfs(places.Work, "mode=700");
        CoverEmptyHierarchy();
        Array.ForEach([root.Folder, root.Bundle, $"{places.Work}/state"], folder => Directory.CreateDirectory(folder));
        root.BringRuntime();
        root.BringHost(host, plan.Grant.Privileges);
        root.Fill(plan, bound);
        return root;
    }

    /// <summary>
    /// Starts it so that the kernel ends it with the helper: its first process is in a pid namespace that ends when the helper does. One that is granted the
    /// host's pids has none; what it leaves behind is ended by its cgroup.
    /// </summary>
    public Child Start(SafeFileHandle stdout, SafeFileHandle stderr) => BoundChild.Start(
        [OwnRuntime, "--root", $"{places.Work}/state", "--cgroup-manager=disabled", "run", "--pid-file", PidFile, "--bundle", Bundle, name],
        ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", IsReadOnly],
        ownPids: !hasHostPids, null, stdout, stderr);

    // crun makes a read-only mount of itself and starts again from there, so that no container can write the host's crun through /proc/PID/exe. Begun from such a
    // mount, and told so, it looks whether that is true and goes on (crun 1.8, cloned_binary.c); one that does not know the word starts again as ever.
    private void BringRuntime()
    {
        File.WriteAllBytes(OwnRuntime, []);
        using var host = LinuxException.Check(Libc.Open(Runtime, Libc.Place), $"open {Runtime}");
        using var tree = Mounts.Clone(host);
        Mounts.SetAttributes(tree, Mounts.AttrReadOnly | Mounts.AttrNoSuid | Mounts.AttrNoDev);
        using var place = LinuxException.Check(Libc.Open(OwnRuntime, Libc.Place), $"open {OwnRuntime}");
        Mounts.Attach(tree, place);
    }

    private string PidFile => $"{places.Work}/pid";

    private int? ReadPid() => File.Exists(PidFile) && int.TryParse(File.ReadAllText(PidFile), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : null;

    // Each of the host's topmost folders as a mount of its own, in a root that is the task's: the runtime mounts the root anew, and forgets what it was told
    // of it before; what is mounted below, it leaves as it is (crun 1.8).
    private void BringHost(SafeFileHandle host, PrivilegeSet privileges)
    {
        foreach (var entry in new DirectoryInfo("/").EnumerateFileSystemInfos().Where(entry => !Own.Contains(entry.Name)))
        {
            if (entry.LinkTarget is { } target)
            {
                File.CreateSymbolicLink($"{Folder}/{entry.Name}", target);
            }
            else if (entry is DirectoryInfo)
            {
                Directory.CreateDirectory($"{Folder}/{entry.Name}");
                using var folder = LinuxException.Check(Libc.OpenAt(host, entry.Name, Libc.Place | Libc.NoFollow), $"open /{entry.Name}");
                using var tree = Mounts.Clone(folder);
                Mounts.SetAttributes(tree, Attributes(privileges) | Mounts.AttrReadOnly);
                Attach(tree, $"/{entry.Name}");
            }
        }

        Array.ForEach(Own, name => Directory.CreateDirectory($"{Folder}/{name}"));
    }

    // All places first: where one granted path lies below another, its place is the host's own, and nothing is made there.
    private void Fill(TaskPlan plan, SafeFileHandle? bound)
    {
        var program = bound is null ? null : Put(bound, plan.Task.Argv[0]);
        plan.Paths.ToList().ForEach(Prepare);
        foreach (var path in plan.Paths)
        {
            var closed = (path.Volume.Writable ? 0 : Mounts.AttrReadOnly) | (path.Volume.AllowExecutions ? 0 : Mounts.AttrNoExec);
            Mounts.SetAttributes(path.Tree, Attributes(plan.Grant.Privileges) | closed);
            Attach(path.Tree, path.Volume.Path);
        }

        var config = RootTaskSpec.Build(plan.Task, plan.Grant.Privileges, plan.Devices, Seccomp(places), Folder, program);
        File.WriteAllBytes($"{Bundle}/config.json", JsonSerializer.SerializeToUtf8Bytes(config, OciWriting.Default.OciConfig));
    }

    /// <summary>crun refuses a host of cgroup version 1 that also has an unused version 2 mounted; of what is covered here only this namespace sees the cover.</summary>
    public static void CoverEmptyHierarchy()
    {
        if (Directory.Exists("/sys/fs/cgroup/unified"))
        {
            Mounts.Tmpfs("/sys/fs/cgroup/unified", "mode=1777");
        }
    }

    // /run is the task's own and empty, so that a granted path below it needs a place first.
    private void Prepare(GrantedPath path)
    {
        if (!path.Volume.Path.StartsWith("/run/", StringComparison.Ordinal))
        {
            return;
        }

        var target = Folder + path.Volume.Path;
        Directory.CreateDirectory(path.IsFolder ? target : Path.GetDirectoryName(target)!);
        if (!path.IsFolder)
        {
            File.WriteAllBytes(target, []);
        }
    }

    // By descriptor, and through no link: in a folder of the host that others can write, one may have been put there meanwhile.
    private void Attach(SafeFileHandle tree, string path)
    {
        using var root = LinuxException.Check(Libc.Open(Folder, Libc.Place | Libc.Folder), "open the task's root");
        using var target = LinuxException.Check(Libc.Resolve(root, path[1..], Libc.Place, Libc.NoSymlinks | Libc.Beneath), $"open {path} in the task's root");
        Mounts.Attach(tree, target);
    }

    private string Put(SafeFileHandle program, string argument)
    {
        var path = $"/{ProgramFolder}/{Path.GetFileName(argument)}";
        using (var from = new FileStream(LinuxException.Check(Libc.Reopen(program, Libc.ReadOnly), "read a program"), FileAccess.Read))
        using (var to = File.Create($"{Folder}{path}"))
        {
            from.CopyTo(to);
            _ = Libc.ChangeMode(to.SafeFileHandle, 0x16D /* 0555 */);
        }

        return path;
    }

    private static ulong Attributes(PrivilegeSet privileges) => Mounts.AttrNoDev | (privileges.Members.Contains(new Privilege.SuidMounts()) ? 0 : Mounts.AttrNoSuid);

    /// <summary>Compiled beforehand where `fleet host init` has done it: that saves the runtime some milliseconds a start.</summary>
    public static SeccompChoice Seccomp(Places places)
    {
        var compiled = places.SeccompFilter(Digest.Parse(SeccompProfile.TextDigest));
        return File.Exists(compiled)
            ? new SeccompChoice.Compiled(Convert.ToBase64String(RootsOwn.Read(compiled, 1024 * 1024)))
            : new SeccompChoice.Listed(System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.Arm64
                ? "SCMP_ARCH_AARCH64"
                : "SCMP_ARCH_X86_64");
    }
}
