using System.Collections.Immutable;
using System.Text.RegularExpressions;

namespace Fleet.Host.Linux;

/// <param name="Device">major:minor.</param>
/// <param name="Root">The path within that file system which is mounted here.</param>
internal sealed record MountEntry(string Device, string Root, string Point, ImmutableHashSet<string> Options, ImmutableHashSet<string> Tags);

/// <summary>/proc/PID/mountinfo (proc_pid_mountinfo(5)).</summary>
internal sealed partial class MountTable
{
    private readonly ImmutableArray<MountEntry> entries;

    private MountTable(ImmutableArray<MountEntry> entries) => this.entries = entries;

    /// <summary>Null if the process has ended.</summary>
    public static MountTable? Of(string pid) => Proc.Read($"/proc/{pid}/mountinfo") is { Length: > 0 } text ? Parse(text) : null;

    public static MountTable Parse(string text) => new([.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Entry)]);

    /// <summary>What is mounted exactly there; of several the uppermost.</summary>
    public MountEntry? At(string point) => entries.LastOrDefault(e => e.Point == point);

    /// <summary>What file system, and what path in it, a path without links is.</summary>
    public (string Device, string Root) Locate(string path)
    {
        var mount = entries.Where(e => Holds(e.Point, path)).OrderBy(e => e.Point.Length).LastOrDefault()
            ?? throw new InvalidOperationException($"{path} lies on no mount");
        var rest = path[mount.Point.TrimEnd('/').Length..];
        var root = (mount.Root.TrimEnd('/') + rest).TrimEnd('/');
        return (mount.Device, root.Length == 0 ? "/" : root);
    }

    /// <summary>Whether what is mounted on a path's own mount point is shared (mount_namespaces(7)).</summary>
    public bool IsShared(string point) => At(point)?.Tags.Any(t => t.StartsWith("shared:", StringComparison.Ordinal)) == true;

    private static bool Holds(string point, string path) => point == "/" || path == point || path.StartsWith(point + "/", StringComparison.Ordinal);

    private static MountEntry Entry(string line)
    {
        var fields = line.Split(' ');
        var tags = fields.Skip(6).TakeWhile(f => f != "-");
        return new MountEntry(fields[2], Unescape(fields[3]), Unescape(fields[4]), [.. fields[5].Split(',')], [.. tags]);
    }

    private static string Unescape(string text) => Octal().Replace(text, m => ((char)Convert.ToInt32(m.Groups[1].Value, 8)).ToString());

    [GeneratedRegex(@"\\([0-7]{3})")]
    private static partial Regex Octal();
}
