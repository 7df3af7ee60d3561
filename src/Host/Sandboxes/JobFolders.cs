using System.Globalization;
using Fleet.Host.Linux;
using Fleet.Hosts;
using Fleet.Processes;
using Fleet.Sandboxes;

namespace Fleet.Host.Sandboxes;

/// <summary>
/// A job's folders at BPM's paths, owned as its sandbox needs them. Every parent is the agent's own, so no job can move them. A folder that is right
/// already costs a look, no process.
/// </summary>
internal sealed class JobFolders(HostPaths paths, SubIds ids)
{
    private static readonly UnixFileMode Open = (UnixFileMode)0b111_101_101;

    /// <param name="Owner">Inside the slice; null: the agent.</param>
    private sealed record Wanted(string Path, int? Owner, int Group, string Mode);

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

    // Inner folders first: once data/JOB is the job's, the agent itself cannot make anything in it.
    private IEnumerable<Wanted> Folders(SandboxRequest request, UserIds user)
    {
        var job = request.Process.Job;
        yield return new Wanted(paths.Job(job), null, IdSlices.JobGroup, "0750");
        yield return new Wanted(paths.Logs(job), null, IdSlices.JobGroup, "0770");
        if (!IsRight(new Wanted(paths.Data(job), user.Uid, 0, ""), request.Slice))
        {
            yield return new Wanted(paths.Tmp(job), user.Uid, user.Gid, "1777");
        }

        yield return new Wanted(paths.Data(job), user.Uid, IdSlices.JobGroup, "0770");
        if (request.Spec.PersistentDisk)
        {
            yield return new Wanted(paths.Store(job), user.Uid, IdSlices.JobGroup, "0770");
        }

        foreach (var volume in request.Spec.AdditionalVolumes)
        {
            if (NewVolume(volume) is { } path)
            {
                yield return new Wanted(path, user.Uid, user.Gid, "0700");
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
        if (Libc.Lstat(path, out var errno) is { } stat)
        {
            return stat.User == Libc.EffectiveUser() && stat.IsFolder && IsOurLeftover(path) ? path : null;
        }

        if (errno is not Libc.ENOENT)
        {
            return null;
        }

        if (volume.MountOnly)
        {
            throw new StartRefused(StartFailureCode.FilesRefused, $"the volume {volume.Path} is mount_only and does not exist: make {path}, or leave mount_only out");
        }

        return path;
    }

    // Made by an agent that was killed before it gave the folder away: nothing is in it yet.
    private static bool IsOurLeftover(string path) => !Directory.EnumerateFileSystemEntries(path).Any();

    // An owner anywhere in the slice is right: two processes of a job may run as two users, and the second must not take the folder from the first.
    private bool IsRight(Wanted wanted, int slice)
    {
        if (Libc.Lstat(wanted.Path, out _) is not { IsFolder: true } stat)
        {
            return false;
        }

        var first = IdSlices.OnHost(ids.FirstUid, slice);
        return wanted.Owner is null
            ? stat.User == Libc.EffectiveUser() && stat.Group == IdSlices.OnHost(ids.FirstGid, slice) + wanted.Group
            : stat.User >= first && stat.User < first + IdSlices.Size;
    }

    private static IEnumerable<string> Arguments(Wanted wanted, int slice)
    {
        var first = IdSlices.InAgent(slice);
        return [Text(wanted.Owner is { } owner ? first + owner : 0), Text(first + wanted.Group), wanted.Mode, wanted.Path];
    }

    private static string Text(long id) => id.ToString(CultureInfo.InvariantCulture);
}
