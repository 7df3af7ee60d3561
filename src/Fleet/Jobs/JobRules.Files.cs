using System.Collections.Immutable;

namespace Fleet.Jobs;

/// <summary>Files are written by the agent below the job's folder: no text of a path may lead out of it.</summary>
public static partial class JobRules
{
    // NAME_MAX of Linux (limits.h); and far below its PATH_MAX, as the folder comes before it.
    private const int MaxName = 255;
    private const int MaxPath = 512;

    private static IEnumerable<Mistake> CheckFiles(ImmutableArray<JobFile> files) =>
    [
        .. files.SelectMany((file, i) => Broken(
            !IsInside(file.Path), $"files[{i}].path",
            $"a file's path is relative to the job's folder, canonical, without '..', of at most {MaxPath} characters and names of {MaxName} bytes; got '{file.Path}'")),
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
        var paths = files.Select(f => f.Path).ToHashSet(StringComparer.Ordinal);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < files.Length; i++)
        {
            if (!seen.Add(files[i].Path))
            {
                yield return new Mistake($"files[{i}].path", $"each file stands once under files; '{files[i].Path}' is there already");
            }
            else if (FileAbove(files[i].Path, paths) is { } file)
            {
                yield return new Mistake($"files[{i}].path", $"'{files[i].Path}' needs a folder where '{file}' is a file; one of the two must go elsewhere");
            }
        }
    }

    // Looked up without making the text of each folder above: paths and their number are whatever a file of a megabyte says.
    private static string? FileAbove(string path, HashSet<string> paths)
    {
        var lookup = paths.GetAlternateLookup<ReadOnlySpan<char>>();
        for (var slash = path.IndexOf('/'); slash >= 0 && path.Length <= MaxPath; slash = path.IndexOf('/', slash + 1))
        {
            if (lookup.TryGetValue(path.AsSpan(0, slash), out var file))
            {
                return file;
            }
        }

        return null;
    }
}
