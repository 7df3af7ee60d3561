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
/// <param name="Tree">A copy of a mount, attached nowhere yet; of a shared volume the place itself; null: the job's own files, which are made of what was signed.</param>
internal sealed record JobPlace(string Destination, SafeFileHandle? Tree, bool IsFolder, ulong Attributes, bool Shared) : IDisposable
{
    public void Dispose() => Tree?.Dispose();
}

/// <summary>
/// What a job's process sees of the host, opened before anything runs. What others can write is opened without following a link, and from then on it is what was
/// opened, whatever the agent or a job puts in its place.
/// </summary>
internal sealed class JobPlaces : IDisposable
{
    private readonly JobStart start;
    private readonly HostPaths host, inside;

    private JobPlaces(JobStart start)
    {
        (this.start, host) = (start, start.Facts.Paths);
        inside = host with { Bosh = HostPaths.Inside };
    }

    /// <summary>By depth, so that none covers one below it.</summary>
    public ImmutableArray<JobPlace> All { get; private set; } = [];

    /// <summary>Changes nothing on the host.</summary>
    /// <param name="contents">Of the job's files.</param>
    /// <exception cref="IOException">Something is not there, or others can exchange it.</exception>
    public static JobPlaces Open(JobStart start, IReadOnlyDictionary<Digest, byte[]> contents)
    {
        var places = new JobPlaces(start);
        try
        {
            new JobProgram(start, contents).Check();
            if (start.IsOnHost)
            {
                return places;
            }

            foreach (var mount in OciMounts.Binds(start.Request, start.Facts, places.Unrestricted()))
            {
                places.All = [.. places.All, .. places.Open(mount)];
            }

            places.CheckShared();
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
        var place = IsRoots(mount.Destination) ? RootsOwn.Open(mount.Source) : RootsOwn.OpenOthers(mount.Source);
        if (volume is { Shared: true })
        {
            return [new JobPlace(mount.Destination, place, Libc.Stat(place).IsFolder, attributes, true)];
        }

        using (place)
        {
            return [new JobPlace(mount.Destination, Mounts.Clone(place), Libc.Stat(place).IsFolder, attributes, false)];
        }
    }

    // What is executed may lie there, or what it reads as if it were as good: a volume must not bring in what others can exchange.
    private bool IsRoots(string destination)
    {
        var (job, folders) = (inside.Job(start.Job.Id), (string[])[.. OciMounts.System, .. OciMounts.Resolver, inside.Packages, inside.DataPackages]);
        if (IsBelow(destination, job) && !start.Job.Files.IsEmpty)
        {
            throw new IOException($"the volume {destination} lies in the job's own folder, whose files are signed: put it below data or store");
        }

        return OciMounts.System.Contains(destination) || IsBelow(destination, job) || folders.Any(folder => destination == folder || IsBelow(destination, folder));
    }

    // The runtime finds its place by name, and so it must lie where nobody but this sandbox's own root is.
    private void CheckShared()
    {
        foreach (var shared in All.Where(place => place.Shared))
        {
            if (All.FirstOrDefault(other => IsBelow(shared.Destination, other.Destination)) is { } above)
            {
                throw new IOException($"the shared volume {shared.Destination} lies in {above.Destination}, which others can write: leave that out (ephemeral_disk, persistent_disk), or share another");
            }

            if (!shared.IsFolder)
            {
                throw new IOException($"the shared volume {shared.Destination} is no folder");
            }
        }
    }

    private static bool IsBelow(string path, string folder) => path.StartsWith($"{folder}/", StringComparison.Ordinal);

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
        .. start.Spec.Privileges.OfType<Privilege.UnrestrictedVolume>().SelectMany(v => Expand(new Volume(v.Path, v.Writable, v.AllowExecutions))),
    ];

    // As BPM does (filepath.Glob): a star does not cross a slash, and what matches nothing is nothing.
    private static IEnumerable<Volume> Expand(Volume volume)
    {
        if (volume.Path == "/" || ((string[])["/proc", "/dev"]).Any(own => volume.Path == own || IsBelow(volume.Path, own)))
        {
            throw new IOException($"{volume.Path} is not a volume: a sandbox has its own; name a device as device:PATH, and folders of the host by their names");
        }

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
