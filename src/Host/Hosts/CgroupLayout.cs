using System.Collections.Immutable;

namespace Fleet.Host.Hosts;

/// <summary>
/// Which controller is in which hierarchy of this host: v1 (one mount for each), v2 (one for all), or a mix, where each controller is in
/// exactly one of them (cgroups(7)).
/// </summary>
/// <param name="V1">Controller to mount point.</param>
/// <param name="V2">The unified hierarchy's mount point; null: none is mounted.</param>
/// <param name="V2Controllers">Those that the unified hierarchy has.</param>
internal sealed record CgroupLayout(
    ImmutableSortedDictionary<string, string> V1, string? V2, ImmutableArray<string> V2Controllers)
{
    /// <summary>Without these a limit, a count, a freeze or an end of a whole sandbox cannot be enforced.</summary>
    public static readonly ImmutableArray<string> Needed = ["memory", "pids", "cpu", "freezer"];

    /// <summary>Delegated where the host has them.</summary>
    public static readonly ImmutableArray<string> Useful = ["cpuacct", "cpuset"];

    private static readonly ImmutableHashSet<string> Known = [.. Needed, .. Useful];

    public static CgroupLayout Read() => Parse(File.ReadLines("/proc/self/mountinfo"), mount =>
        File.Exists($"{mount}/cgroup.controllers") ? File.ReadAllText($"{mount}/cgroup.controllers") : "");

    /// <summary>proc_pid_mountinfo(5): the mount point is field 5; after " - " come type, source and the controllers among the options.</summary>
    public static CgroupLayout Parse(IEnumerable<string> mountinfo, Func<string, string> controllersOf)
    {
        var v1 = ImmutableSortedDictionary.CreateBuilder<string, string>();
        var v2 = (string?)null;
        foreach (var line in mountinfo)
        {
            var (mount, type, options) = Fields(line);
            foreach (var controller in type == "cgroup" ? options.Where(Known.Contains) : [])
            {
                v1.TryAdd(controller, mount);
            }

            v2 ??= type == "cgroup2" ? mount : null;
        }

        return new CgroupLayout(v1.ToImmutable(), v2, v2 is null ? [] : [.. controllersOf(v2).Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries)]);
    }

    public string Describe() => (V1.Count, V2Controllers.Intersect(Needed).Any()) switch
    {
        (0, false) => "none of the controllers that Fleet needs",
        (0, true) => $"v2 at {V2}",
        (_, false) => $"v1, {V1.Count} controllers{(V2 is null ? "" : $", beside v2 at {V2} without them (hybrid)")}",
        _ => $"mixed: v1 has {string.Join(", ", V1.Keys)}, v2 the rest",
    };

    public IEnumerable<Requirement> Requirements(HostInitOptions options)
    {
        foreach (var controller in Needed.Where(name => !V1.ContainsKey(name) && !InV2(name)))
        {
            yield return new MissingControllerRequirement(controller);
        }

        // Two controllers may share one mount, such as cpu,cpuacct.
        foreach (var mount in V1.GroupBy(entry => entry.Value))
        {
            yield return new CgroupV1Requirement(options, [.. mount.Select(entry => entry.Key)], mount.Key);
        }

        var unified = Needed.Concat(Useful).Where(name => !V1.ContainsKey(name) && V2Controllers.Contains(name)).ToImmutableArray();
        if (unified.Length > 0)
        {
            yield return new CgroupV2Requirement(options, unified, V2!);
        }
    }

    // v2 can freeze every group without a controller for it.
    private bool InV2(string controller) => V2Controllers.Contains(controller) || (controller == "freezer" && V2Controllers.Length > 0);

    private static (string Mount, string Type, string[] Options) Fields(string line)
    {
        var halves = line.Split(" - ", 2);
        var right = halves.Length == 2 ? halves[1].Split(' ') : [];
        return right.Length >= 3 ? (halves[0].Split(' ')[4], right[0], right[2].Split(',')) : ("", "", []);
    }
}
