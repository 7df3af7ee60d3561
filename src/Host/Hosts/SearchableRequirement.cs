using Fleet.Host.Linux;

namespace Fleet.Host.Hosts;

/// <summary>
/// Every folder above the agent's must let the sandboxes' sub-ids through (o+x): they are neither its owner nor in its group.
/// Root does not change that by itself, as it opens a folder that somebody closed.
/// </summary>
internal sealed class SearchableRequirement(string path) : Requirement($"way to {path}")
{
    public override Finding Check()
    {
        var closed = Parents(path).Where(folder => Files.Stat(folder, out var stat) && stat.IsFolder && (stat.Permissions & 1) == 0).ToList();
        return closed.Count == 0
            ? new Finding.Ok("every folder above lets others through")
            : new Finding.Missing($"{string.Join(" and ", closed)} cannot be passed by the sandboxes' users (no o+x)",
                $"chmod o+x {string.Join(' ', closed)}, or choose another folder");
    }

    public override Task<string> Establish()
    {
        var missing = (Finding.Missing)Check();
        throw new HostInitException(missing.Detail, missing.Remedy);
    }

    // A link on the way is resolved first, so that the folders that are really passed are looked at.
    private static IEnumerable<string> Parents(string path)
    {
        for (var parent = Path.GetDirectoryName(Resolve(path)); parent is not null; parent = Path.GetDirectoryName(parent))
        {
            yield return parent;
        }
    }

    private static string Resolve(string path)
    {
        if (Path.GetDirectoryName(path) is not { } parent)
        {
            return path;
        }

        var real = Path.Combine(Resolve(parent), Path.GetFileName(path));
        return Files.Stat(real, out var stat) && stat.IsLink ? File.ResolveLinkTarget(real, returnFinalTarget: true)!.FullName : real;
    }
}
