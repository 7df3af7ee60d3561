using System.Collections.Immutable;

namespace Fleet.Jobs;

/// <summary>Files are written by the agent below the job's folder: no text of a path may lead out of it.</summary>
public static partial class JobRules
{
    // Linux: NAME_MAX, and PATH_MAX with room for the folder before it (limits.h).
    private const int MaxName = 255;
    private const int MaxPath = 2048;

    private static IEnumerable<Mistake> CheckFiles(ImmutableArray<JobFile> files) =>
    [
        .. files.SelectMany((file, i) => Broken(
            !IsInside(file.Path), $"files[{i}].path",
            $"a file's path is relative to the job's folder, canonical, without '..', its names of at most {MaxName} bytes; got '{file.Path}'")),
        .. files.SelectMany((file, i) => Broken(
            file.Mode is < 0 or > 0b111_111_111, $"files[{i}].mode", $"a mode is from 0000 to 0777; got 0{Convert.ToString(file.Mode, 8)}")),
        .. CheckFileClashes(files),
    ];

    private static bool IsInside(string path) =>
        !path.StartsWith('/')
        && Canonical(path) == path
        && path.Length <= MaxPath
        && path.Split('/').All(name => name is not (".." or ".") && System.Text.Encoding.UTF8.GetByteCount(name) <= MaxName);

    private static IEnumerable<Mistake> CheckFileClashes(ImmutableArray<JobFile> files)
    {
        var taken = new HashSet<string>(StringComparer.Ordinal);
        var folders = files.SelectMany(f => Parents(f.Path)).ToHashSet(StringComparer.Ordinal);
        for (var i = 0; i < files.Length; i++)
        {
            if (!taken.Add(files[i].Path))
            {
                yield return new Mistake($"files[{i}].path", $"each file stands once under files; '{files[i].Path}' is there already");
            }
            else if (folders.Contains(files[i].Path))
            {
                yield return new Mistake($"files[{i}].path", $"'{files[i].Path}' is the folder of another file; one of the two must go elsewhere");
            }
        }
    }

    private static IEnumerable<string> Parents(string path)
    {
        for (var slash = path.IndexOf('/'); slash >= 0 && path.Length <= MaxPath; slash = path.IndexOf('/', slash + 1))
        {
            yield return path[..slash];
        }
    }
}
