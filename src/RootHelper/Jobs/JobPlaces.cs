using System.Collections.Immutable;
using System.IO.Enumeration;
using Fleet.Hosts;
using Fleet.Jobs;
using Fleet.Privileges;
using Fleet.Processes;
using Fleet.RootHelper.Linux;
using Fleet.RootHelper.RootTasks;
using Fleet.RootTasks;
using Fleet.Sandboxes;
using Microsoft.Win32.SafeHandles;

namespace Fleet.RootHelper.Jobs;

/// <summary>Something that a job's process sees at a path.</summary>
/// <param name="Tree">A copy of a mount, attached nowhere yet; null: the job's own files, which are made of what was signed.</param>
internal sealed record JobPlace(string Destination, SafeFileHandle? Tree, bool IsFolder, ulong Attributes, bool Shared) : IDisposable
{
    public void Dispose() => Tree?.Dispose();
}

/// <summary>
/// What a job's process sees of the host, opened before anything runs. What it executes is root's alone or bound by its digest; what others can write is opened
/// without following a link, and from then on it is what was opened, whatever the agent or a job puts in its place.
/// </summary>
internal sealed class JobPlaces : IDisposable
{
    // There a path leads to something else than on the host.
    private static readonly string[] OtherInside = ["/tmp", "/var/tmp", "/dev", "/run", "/proc", "/sys"];

    private readonly JobStart start;
    private readonly HostPaths host, inside;

    private JobPlaces(JobStart start)
    {
        (this.start, host) = (start, start.Facts.Paths);
        inside = host with { Bosh = HostPaths.Inside };
    }

    /// <summary>By depth, so that none covers one below it.</summary>
    public ImmutableArray<JobPlace> All { get; private set; } = [];

    /// <summary>Still in the host's own mount namespace.</summary>
    /// <exception cref="IOException">Something is not there, or others can exchange it.</exception>
    public static JobPlaces Open(JobStart start)
    {
        var places = new JobPlaces(start);
        try
        {
            places.CheckProgram();
            foreach (var mount in OciMounts.Binds(start.Request, start.Facts, places.Unrestricted()))
            {
                places.All = [.. places.All, .. places.Open(mount)];
            }

            using var sys = LinuxException.Check(Libc.Open("/sys", Libc.Place | Libc.Folder), "open /sys");
            places.All = places.All.Insert(0, new JobPlace("/sys", Mounts.Clone(sys, alone: true), true, places.Attributes(exec: false, writable: false), false));
            return places;
        }
        catch
        {
            places.Dispose();
            throw;
        }
    }

    public void Dispose() => All.ToList().ForEach(place => place.Dispose());

    /// <summary>Whether its program is one of its own files, whose digests were signed.</summary>
    public JobFile? OwnFile(string path) => start.Job.Files.FirstOrDefault(file => path == $"{inside.Job(start.Job.Id)}/{file.Path}");

    /// <summary>Where on the host a path lies that the process sees.</summary>
    public string OnHost(string path) => path.StartsWith($"{HostPaths.Inside}/", StringComparison.Ordinal) ? OciMounts.OnHost(host, path) : path;

    /// <exception cref="IOException">A script's interpreter is not root's alone; the message says which.</exception>
    public void CheckInterpreter(ReadOnlySpan<byte> program)
    {
        if (ProgramFile.Interpreter(program) is { } interpreter)
        {
            CheckRootsOrOwn(interpreter);
        }
    }

    private void CheckProgram()
    {
        ProgramFile.Check(RootTaskSpec.Init, null);
        CheckRootsOrOwn(OciSpec.Program(start.Request)[0]);
    }

    private void CheckRootsOrOwn(string path)
    {
        if (path is not ['/', ..])
        {
            throw new IOException($"'{path}' is no absolute path: which program it is would be up to the folders that are looked through");
        }

        if (OwnFile(path) is not null)
        {
            return;
        }

        if (JobRules.Canonical(path) != path || OtherInside.Any(folder => path.StartsWith($"{folder}/", StringComparison.Ordinal)))
        {
            throw new IOException($"{path} lies where the job's own user can write: what runs with more than the baseline is root's alone, or a file of the job (files:)");
        }

        ProgramFile.CheckRoots(path, OnHost);
    }

    private IEnumerable<JobPlace> Open(OciMount mount)
    {
        var attributes = Attributes(mount.Options.Contains("exec"), mount.Options.Contains("rw"));
        if (mount.Destination == inside.Job(start.Job.Id))
        {
            // The agent writes a job's files to a folder of its own; here they come from what was signed. A folder that is root's, as BOSH has it, is as good.
            return [new JobPlace(mount.Destination, start.Job.Files.IsEmpty ? Roots(mount) : null, true, attributes, false)];
        }

        if (mount.Destination == inside.Packages || mount.Destination == inside.DataPackages)
        {
            return Roots(mount) is { } tree ? [new JobPlace(mount.Destination, tree, true, attributes, false)] : [];
        }

        var volume = start.Spec.AdditionalVolumes.FirstOrDefault(v => JobRules.InSandbox(v.Path, host.Bosh) == mount.Destination);
        using var place = volume is { Shared: true } ? Share(mount.Source) : Others(mount);
        return [new JobPlace(mount.Destination, Mounts.Clone(place), Libc.Stat(place).IsFolder, attributes, volume?.Shared == true)];
    }

    private SafeFileHandle Others(OciMount mount) => OciMounts.System.Contains(mount.Destination) || OciMounts.Resolver.Contains(mount.Destination)
        ? RootsOwn.Open(mount.Source)
        : RootsOwn.OpenOthers(mount.Source);

    private static SafeFileHandle Share(string path)
    {
        using var place = RootsOwn.OpenOthers(path);
        return Mounts.Share(place, () => RootsOwn.OpenOthers(path));
    }

    // Null: others can write there, so that nothing in it may be executed here; to whom it matters, the program is not there.
    private static SafeFileHandle? Roots(OciMount mount)
    {
        try
        {
            using var place = RootsOwn.Open(mount.Source);
            return Mounts.Clone(place);
        }
        catch (IOException)
        {
            return null;
        }
    }

    private ulong Attributes(bool exec, bool writable) =>
        Mounts.AttrNoDev | (start.Has<Privilege.SuidMounts>() ? 0 : Mounts.AttrNoSuid) | (exec ? 0 : Mounts.AttrNoExec) | (writable ? 0 : Mounts.AttrReadOnly);

    private IEnumerable<Volume> Unrestricted() =>
    [
        .. start.Spec.Unsafe.UnrestrictedVolumes.SelectMany(Expand),
        .. start.Spec.Privileges.OfType<Privilege.UnrestrictedVolume>().Select(v => new Volume(v.Path, v.Writable, v.AllowExecutions)),
    ];

    // As BPM does (filepath.Glob): a star does not cross a slash, and what matches nothing is nothing.
    private static IEnumerable<Volume> Expand(Volume volume)
    {
        if (volume.Path.Contains('[', StringComparison.Ordinal))
        {
            throw new IOException($"{volume.Path}: of the patterns of paths only * and ? are known here");
        }

        IEnumerable<string> found = ["/"];
        foreach (var part in volume.Path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            found = part.AsSpan().ContainsAny('*', '?')
                ? found.Where(Directory.Exists).SelectMany(folder => Directory.EnumerateFileSystemEntries(folder).Where(e => FileSystemName.MatchesSimpleExpression(part, Path.GetFileName(e), false)))
                : found.Select(folder => Path.Combine(folder, part));
        }

        return found.Where(Path.Exists).Order(StringComparer.Ordinal).Select(path => volume with { Path = path });
    }
}
