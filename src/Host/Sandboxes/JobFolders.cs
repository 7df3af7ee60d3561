using System.Globalization;
using Fleet.Client.Linux;
using Fleet.Host.Linux;
using Fleet.Hosts;
using Fleet.Processes;
using Fleet.Sandboxes;

namespace Fleet.Host.Sandboxes;

/// <summary>
/// A job's folders at BPM's paths, owned as its sandbox needs them. Every parent is the agent's own, so no job can move them. A folder that is right
/// already costs a look, no process. One call at a time per job: the caller holds its lock.
/// </summary>
internal sealed class JobFolders(HostPaths paths, SubIds ids)
{
    private const int Shared = 0x1F8;

    private static readonly UnixFileMode Open = (UnixFileMode)0b111_101_101;

    /// <param name="Owner">Inside the slice; null: the agent.</param>
    private sealed record Wanted(string Path, int? Owner, int Group, int Mode);

    /// <exception cref="StartRefused">The persistent disk, a volume or a secret is not there, or cannot be made.</exception>
    public async Task Prepare(SandboxRequest request, UserIds user)
    {
        MakeParents(request);
        var wrong = Folders(request, user).Where(w => !IsRight(w, request.Slice)).ToArray();
        foreach (var wanted in wrong)
        {
            Directory.CreateDirectory(wanted.Path);
        }

        if (wrong.Length > 0)
        {
            await AgentNamespace.Run(Scripts.Own, wrong.SelectMany(w => Arguments(w, request.Slice)));
        }
    }

    private void MakeParents(SandboxRequest request)
    {
        if (request.Spec.PersistentDisk && !Directory.Exists($"{paths.Bosh}/store"))
        {
            throw new StartRefused(StartFailureCode.FilesRefused, $"requested persistent disk does not exist: mount it at {paths.Bosh}/store, or run `fleet host init`");
        }

        foreach (var folder in (string[])[
            $"{paths.Bosh}/jobs", paths.Packages, paths.DataPackages, $"{paths.Bosh}/sys/log", Path.GetDirectoryName(paths.PidFile(request.Process))!])
        {
            Directory.CreateDirectory(folder, Open);
        }
    }

    // Inner folders first, and only while data/JOB is the agent's: in one that is the job's the agent can make nothing, and may follow nothing.
    private IEnumerable<Wanted> Folders(SandboxRequest request, UserIds user)
    {
        var job = request.Process.Job;
        yield return new Wanted(paths.Job(job), null, IdSlices.JobGroup, 0x1E8);
        yield return new Wanted(paths.Logs(job), null, IdSlices.JobGroup, Shared);
        if (Files.Lstat(paths.Data(job), out var errno) is { } data ? data.User == Credentials.EffectiveUser() : errno == Errno.ENOENT)
        {
            yield return new Wanted(paths.Tmp(job), user.Uid, user.Gid, 0x3FF);
        }

        yield return new Wanted(paths.Data(job), user.Uid, IdSlices.JobGroup, Shared);
        if (request.Spec.PersistentDisk)
        {
            yield return new Wanted(paths.Store(job), user.Uid, IdSlices.JobGroup, Shared);
        }

        foreach (var volume in request.Spec.AdditionalVolumes)
        {
            if (NewVolume(volume) is { } path)
            {
                yield return new Wanted(path, user.Uid, user.Gid, 0x1C0);
            }
        }
    }

    /// <summary>
    /// The volume's folder if the agent is to make it. What exists keeps its owner (BPM gives it to the job's user): it may be another job's. What lies
    /// where the agent cannot look is made in the job's name by <see cref="Scripts.Cover"/>.
    /// </summary>
    private string? NewVolume(Volume volume)
    {
        var path = TrustedPath.Resolve(OciMounts.OnHost(paths, volume.Path));
        RefuseLogs(volume, path);
        if (Files.Lstat(path, out var errno) is { } stat)
        {
            return stat.User == Credentials.EffectiveUser() && stat.IsFolder && IsOurLeftover(path) && IsInOurs(path) ? path : null;
        }

        if (errno is not Errno.ENOENT)
        {
            return null;
        }

        if (volume.MountOnly)
        {
            throw new StartRefused(StartFailureCode.FilesRefused, $"the volume {volume.Path} is mount_only and does not exist: make {path}, or leave mount_only out");
        }

        return IsInOurs(path) ? path : null;
    }

    // A job may open its own folders to the agent; what the agent gave a mode to in there, the job could swap for a link.
    private static bool IsInOurs(string path) => TrustedPath.IsOurs(Path.GetDirectoryName(path)!);

    // The folder is the agent's, and for the job's group to write: neither could make the volume for the other.
    private void RefuseLogs(Volume volume, string path)
    {
        var logs = TrustedPath.Resolve($"{paths.Bosh}/sys/log") + "/";
        if (path.StartsWith(logs, StringComparison.Ordinal) && path[logs.Length..].TrimEnd('/').Contains('/'))
        {
            throw new StartRefused(StartFailureCode.FilesRefused, $"the volume {volume.Path} lies in a job's log folder: put it below data/ or store/");
        }
    }

    // Made by an agent that was killed before it gave the folder away: nothing is in it yet.
    private static bool IsOurLeftover(string path) => !Directory.EnumerateFileSystemEntries(path).Any();

    private bool IsRight(Wanted wanted, int slice) =>
        Files.Lstat(wanted.Path, out _) is { IsFolder: true } stat && stat.Permissions == wanted.Mode && (wanted.Owner is null
            ? stat.User == Credentials.EffectiveUser() && stat.Group == IdSlices.OnHost(ids.FirstGid, slice) + wanted.Group
            : OwnerInside(stat, slice) is not null);

    // An owner anywhere in the slice is right: two processes of a job may run as two users, and the second must not take the folder from the first.
    private int? OwnerInside(Statx stat, int slice) =>
        stat.User - IdSlices.OnHost(ids.FirstUid, slice) is >= 0 and < IdSlices.Size and var inside ? (int)inside : null;

    private IEnumerable<string> Arguments(Wanted wanted, int slice)
    {
        var first = IdSlices.InAgent(slice);
        var owner = wanted.Owner is { } asked ? first + ((Files.Lstat(wanted.Path, out _) is { } stat ? OwnerInside(stat, slice) : null) ?? asked) : 0;
        return [Text(owner), Text(first + wanted.Group), Convert.ToString(wanted.Mode, 8), wanted.Path];
    }

    private static string Text(long id) => id.ToString(CultureInfo.InvariantCulture);
}
