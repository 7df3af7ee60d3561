using Fleet.Hosts;

namespace Fleet.Jobs;

/// <summary>Paths by their text alone: what stands on a host's disk is checked there, at the start.</summary>
public static partial class JobRules
{
    /// <summary>The shortest text of the same path: Go's <c>filepath.Clean</c>, by which BPM tells a canonical path. Empty becomes ".".</summary>
    public static string Canonical(string path)
    {
        var rooted = path.StartsWith('/');
        var kept = new List<string>();
        foreach (var part in path.Split('/'))
        {
            if (part is "" or ".")
            {
                continue;
            }

            if (part != "..")
            {
                kept.Add(part);
            }
            else if (kept.Count > 0 && kept[^1] != "..")
            {
                kept.RemoveAt(kept.Count - 1);
            }
            else if (!rooted)
            {
                kept.Add(part);
            }
        }

        var joined = string.Join('/', kept);
        return rooted ? $"/{joined}" : joined.Length > 0 ? joined : ".";
    }

    /// <summary>A path below BPM's root on the host as a sandbox sees it; any other as it is.</summary>
    public static string InSandbox(string path, string boshRoot) =>
        !IsBelow(path, HostPaths.Inside) && IsBelow(path, boshRoot) ? HostPaths.Inside + path[boshRoot.Length..] : path;

    private static bool IsBelow(string path, string root) => path.StartsWith($"{root}/", StringComparison.Ordinal);

    // A job file is written for a sandbox, where the root is always /var/vcap; BPM lets it be written for the host's root too.
    private static IEnumerable<string> Roots(string boshRoot) => boshRoot == HostPaths.Inside ? [HostPaths.Inside] : [HostPaths.Inside, boshRoot];
}
