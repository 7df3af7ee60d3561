using System.Collections.Immutable;
using Fleet.Hosts;
using Fleet.Processes;

namespace Fleet.Jobs;

/// <summary>The rules of BPM's <c>ProcessConfig.Validate</c> for volumes, in its order: only the first that a path breaks is told.</summary>
public static partial class JobRules
{
    private static IEnumerable<Mistake> CheckVolumes(ImmutableArray<Volume> volumes, JobId job, string boshRoot, string at) =>
        volumes.SelectMany((volume, i) => CheckVolume(volume.Path, job, boshRoot) is { } message ? [new Mistake($"{at}[{i}].path", message)] : (Mistake[])[]);

    private static string? CheckVolume(string path, JobId job, string boshRoot)
    {
        if (Canonical(path) != path)
        {
            return $"a volume's path is canonical; expected '{Canonical(path)}' but got '{path}'";
        }

        var roots = Roots(boshRoot).ToList();
        if (roots.Any(root => path == $"{root}/data/{job.FolderName}" || path == $"{root}/store/{job.FolderName}"))
        {
            return $"a volume cannot be the job's own data or store folder; got '{path}': use ephemeral_disk or persistent_disk";
        }

        return roots.Any(root => IsBelow(path, root))
            ? null
            : $"a volume lies within {string.Join(" or ", roots)}; got '{path}': other paths of the host are unsafe.unrestricted_volumes";
    }

    private static IEnumerable<Mistake> CheckUnrestricted(ImmutableArray<Volume> volumes, string at) =>
        volumes.SelectMany((volume, i) => CheckHostPath(volume.Path, $"{at}[{i}].path"));

    // Unlike BPM, which checks nothing here: a grant names this path, and people must be able to tell from its text what they grant.
    private static IEnumerable<Mistake> CheckHostPath(string path, string at) =>
    [
        .. Broken(
            !path.StartsWith('/') || Canonical(path) != path, at,
            $"an unrestricted volume is an absolute, canonical path of the host (with * ? [ ] as wildcards); got '{path}'"),
        .. Broken(!IsPattern(path), at, $"a wildcard's bracket is closed and not empty, and a backslash has something to quote; got '{path}'"),
    ];

    /// <summary>Whether Go's <c>filepath.Match</c> would read it: BPM expands such a path with <c>filepath.Glob</c>.</summary>
    private static bool IsPattern(string path)
    {
        for (var i = 0; i < path.Length; i++)
        {
            if (path[i] == '\\' && ++i == path.Length)
            {
                return false;
            }

            if (path[i] == '[' && (i = path.IndexOf(']', Math.Min(i + 2, path.Length))) < 0)
            {
                return false;
            }
        }

        return true;
    }
}
