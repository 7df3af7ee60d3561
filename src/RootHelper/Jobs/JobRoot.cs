using System.Text.Json;
using Fleet.Jobs;
using Fleet.Privileges;
using Fleet.RootHelper.Linux;
using Fleet.RootHelper.RootTasks;
using Fleet.RootTasks;
using Fleet.Sandboxes;
using Microsoft.Win32.SafeHandles;

namespace Fleet.RootHelper.Jobs;

/// <summary>
/// What a job's process sees, put together in a mount namespace of its own that lives as long as its monitor: BPM's sandbox, made of what <see cref="JobPlaces"/>
/// opened, and the job's files as they were signed. Nobody else can name anything in it.
/// </summary>
internal sealed class JobRoot(JobStart start, JobPlaces seen, Places places) : IDisposable
{
    private const string Runtime = "/usr/bin/crun", Conmon = "/usr/bin/conmon";
    private static readonly string[] Environment = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "_OCI_SYNCPIPE=3"];

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private MountNamespace? own;

    private string Folder => $"{places.Work}/rootfs";

    private string Bundle => $"{places.Work}/bundle";

    private string Files => $"{places.Work}/files";

    private string RuntimeLog => $"{places.Work}/runtime.log";

    private string[] Call => [Runtime, $"--root={places.Work}/state", "--cgroup-manager=disabled", $"--log={RuntimeLog}"];

    /// <summary>Nothing runs yet.</summary>
    /// <exception cref="IOException">A mount failed, or there is no place for one.</exception>
    public void Make(IReadOnlyDictionary<Digest, byte[]> contents, IEnumerable<DeviceNode> devices)
    {
        ProgramFile.CheckRoots(Runtime);
        ProgramFile.CheckRoots(Conmon);

        // On the host itself, so that the host sees what is mounted there.
        var shared = seen.All.Where(place => place.Shared).ToDictionary(place => place, place => Mounts.Share(place.Tree!));
        own = MountNamespace.Make();
        using var inside = own.Enter();
        Mounts.Tmpfs(places.Work, "mode=700");
        TaskRoot.CoverEmptyHierarchy();
        Array.ForEach([Folder, Bundle, Files, $"{places.Work}/state"], folder => Directory.CreateDirectory(folder));
        Mounts.Tmpfs(Folder, "mode=755");
        WriteFiles(contents);
        seen.All.ToList().ForEach(MakePlace);
        var mounts = shared.Select((place, number) => BringShared(place.Key, place.Value, number)).ToList();
        seen.All.Where(place => !place.Shared).ToList().ForEach(Attach);
        var env = OciEnv.Of(start.Request, start.Facts, out var missing) ?? throw new IOException($"the value of the secret env {missing} did not come");
        var config = PrivilegedSpec.Build(start.Request, start.Facts, env, start.User, [.. devices], Folder, mounts);
        File.WriteAllBytes($"{Bundle}/config.json", JsonSerializer.SerializeToUtf8Bytes(config, OciWriting.Default.OciConfig));
    }

    /// <summary>Creates the container under a monitor that outlives the helper; its first process exists and waits.</summary>
    /// <returns>That process's pid.</returns>
    /// <exception cref="IOException">conmon or the runtime said no.</exception>
    public int Create(SafeFileHandle stdout, SafeFileHandle stderr)
    {
        var (ours, theirs) = Sockets.Pipe();
        using var answer = ours;
        using (theirs)
        {
            using var inside = own!.Enter();
            using var conmon = Child.Start(
                [
                    Conmon, "-c", start.Request.Run.Text, "-u", start.Request.Run.Text, "-n", start.Request.Run.Text, "-r", Runtime,
                    .. Call[1..].SelectMany(argument => (string[])["--runtime-arg", argument]),
                    "-b", Bundle, "-p", $"{places.Work}/pid", "--exit-dir", places.Exits, "--persist-dir", places.Work,
                    "-l", "passthrough", "--full-attach", "--no-new-keyring", "--log-level", "error",
                ],
                Environment, "/", null, stdout, stderr, theirs);
            _ = conmon.Wait();
        }

        var said = MonitorAnswer.Read(answer);
        return said.Pid ?? throw new IOException($"{Runtime} could not create the sandbox: {Why(said.Line)}");
    }

    /// <summary>Lets the process run.</summary>
    /// <exception cref="IOException">The runtime said no.</exception>
    public void Start()
    {
        using var inside = own!.Enter();
        using var child = Child.Start([.. Call, "start", start.Request.Run.Text], Environment[..2], "/", null, null, null);
        Span<Waiting> on = [Waiting.On(child.Ended, Sockets.In)];
        Sockets.Wait(on, (int)Patience.TotalMilliseconds);
        if (on[0].Ready == 0)
        {
            // It waits for a process that is gone.
            _ = Libc.Kill(child.Pid, Libc.Sigkill);
        }

        if (child.Wait().Code != 0)
        {
            throw new IOException($"{Runtime} could not start the sandbox: {Why("")}");
        }
    }

    public void Dispose() => own?.Dispose();

    private void WriteFiles(IReadOnlyDictionary<Digest, byte[]> contents)
    {
        foreach (var file in start.Job.Files)
        {
            var path = $"{Files}/{file.Path}";
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, contents[file.Content]);
            File.SetUnixFileMode(path, (UnixFileMode)file.Mode);
        }
    }

    // All of them first, while there is nothing below but this root's own: what is mounted later may be a folder that others can write.
    private void MakePlace(JobPlace place)
    {
        var target = Folder + place.Destination;
        if (place.IsFolder)
        {
            Directory.CreateDirectory(target);
        }
        else
        {
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.WriteAllBytes(target, []);
        }
    }

    // The runtime makes all that is mounted in a sandbox's root private; what it mounts there itself it leaves shared (crun 1.8).
    private OciMount BringShared(JobPlace place, SafeFileHandle tree, int number)
    {
        using var attached = tree;
        var path = $"{places.Work}/shared-{number}";
        Directory.CreateDirectory(path);
        Mounts.SetAttributes(tree, place.Attributes, shared: true);
        using var target = LinuxException.Check(Libc.Open(path, Libc.Place | Libc.Folder), $"open {path}");
        Mounts.Attach(tree, target);
        return new OciMount(place.Destination, "bind", path, ["rbind", "rshared"]);
    }

    private void Attach(JobPlace place)
    {
        using var own = place.Tree is null ? OwnFiles() : null;
        var tree = place.Tree ?? own!;
        Mounts.SetAttributes(tree, place.Attributes);
        using var root = LinuxException.Check(Libc.Open(Folder, Libc.Place | Libc.Folder), "open the sandbox's root");
        using var target = LinuxException.Check(
            Libc.Resolve(root, place.Destination[1..], Libc.Place, Libc.NoSymlinks | Libc.Beneath), $"find a place for {place.Destination} in the sandbox");
        Mounts.Attach(tree, target);
    }

    private SafeFileHandle OwnFiles()
    {
        using var folder = LinuxException.Check(Libc.Open(Files, Libc.Place | Libc.Folder), "open the job's files");
        return Mounts.Clone(folder, alone: true);
    }

    private string Why(string line)
    {
        using var inside = own!.Enter();
        return string.Join("; ", (File.Exists(RuntimeLog) ? File.ReadAllLines(RuntimeLog).TakeLast(3) : []).Append(line).Where(text => text.Length > 0));
    }
}
