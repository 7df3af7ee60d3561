using System.IO.Enumeration;
using Fleet.Client.Linux;
using Fleet.Host.Linux;

namespace Fleet.Host.Hosts;

/// <summary>What is in a tree, without following a link or leaving its file system. What goes while it is looked at is passed over.</summary>
/// <param name="enters">Which folders are of interest.</param>
internal sealed class ProgramWalk(string tree, Func<Statx, bool> enters) : FileSystemEnumerator<(string Path, Statx Stat)>(tree, Options)
{
    private static readonly EnumerationOptions Options = new() { RecurseSubdirectories = true, AttributesToSkip = 0 };

    private readonly Statx top = Files.Lstat(tree, out _) ?? default;

    protected override bool ShouldRecurseIntoEntry(ref FileSystemEntry entry) =>
        Files.Stat(entry.ToFullPath(), out var stat) && stat.IsFolder && (stat.DeviceMajor, stat.DeviceMinor) == (top.DeviceMajor, top.DeviceMinor) && enters(stat);

    protected override (string Path, Statx Stat) TransformEntry(ref FileSystemEntry entry)
    {
        var path = entry.ToFullPath();
        return (path, Files.Lstat(path, out _) ?? default);
    }

    protected override bool ContinueOnError(int error) => true;
}
