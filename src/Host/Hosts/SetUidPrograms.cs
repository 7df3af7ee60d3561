using System.Diagnostics;
using Fleet.Client.Linux;
using Fleet.Host.Linux;
using Fleet.Hosts;

namespace Fleet.Host.Hosts;

/// <summary>
/// Programs that become root by their file alone. Those of the distribution are taken as they are; looked for are others, of which the agent's user could make
/// use. Bounded: what was not reached is said.
/// </summary>
internal sealed class SetUidPrograms(AgentIdentity agent, HostPaths paths, RootPlaces places)
{
    private const string Name = "set-uid programs";

    private readonly AgentIdentity reader = AgentIdentity.Of(AgentUser.CurrentName);
    private readonly string[] own = [.. new[] { paths.State, paths.Bosh }.Select(Real).OfType<string>()];
    private readonly string[] usual = [.. places.UsualPrograms.Select(Real).OfType<string>()];
    private readonly Stopwatch clock = Stopwatch.StartNew();
    private readonly List<(string Path, string Why)> notSeen = [];
    private readonly SortedDictionary<string, ProgramFinding> findings = new(StringComparer.Ordinal);
    private int known;

    public static DoctorLine[] Check(AgentIdentity agent, HostPaths paths, RootPlaces places) => new SetUidPrograms(agent, paths, places).Check();

    private DoctorLine[] Check()
    {
        // The agent's own first, so that no other uses up the time; they are searched whole, wherever they lie.
        string[] trees = [.. own.Concat(places.OtherPrograms.Select(Real).OfType<string>()).Concat(usual).Distinct()];
        foreach (var tree in trees.Where(tree => !trees.Any(other => IsIn(tree, other) && (IsOwn(other) || !IsOwn(tree)))))
        {
            Walk(tree);
        }

        return [Found(), .. NotSeen()];
    }

    private DoctorLine Found() => findings.OrderByDescending(pair => pair.Value.Status).ToList() switch
    {
        [] => DoctorLine.Ok(Name, $"{known} where packages put them, and no other"),
        [var (path, worst), .. var more] => new(Name, worst.Status, $"{path} {worst.Why}{More(more.ConvertAll(pair => pair.Key))}", $"{worst.Remedy} {path}"),
    };

    private DoctorLine[] NotSeen() => notSeen switch
    {
        [] => [],
        [var (path, why), .. var more] =>
        [
            DoctorLine.Warn("set-uid search", $"not all was looked at: {path} {why}{More(more.ConvertAll(tree => tree.Path))}", $"sudo find {path} -xdev -type f -perm /6000"),
        ],
    };

    private static string More(List<string> more) => more.Count == 0 ? "" : $"; also {string.Join(", ", more.Take(3))}{(more.Count > 3 ? $" and {more.Count - 3} more" : "")}";

    private void Walk(string tree)
    {
        Look(tree, Files.Lstat(tree, out _) ?? default);
        var whole = IsOwn(tree);
        using var walk = new ProgramWalk(tree, stat => whole || agent.Can(stat, AgentIdentity.Execute));
        for (var count = 0; walk.MoveNext(); count++)
        {
            if (count == places.MostEntries || clock.Elapsed > places.LongestSearch)
            {
                notSeen.Add((tree, $"after {count} entries"));
                return;
            }

            Look(walk.Current.Path, walk.Current.Stat);
        }
    }

    private void Look(string path, Statx stat)
    {
        if (stat.IsFolder && !reader.Can(stat, AgentIdentity.Read | AgentIdentity.Execute) && (IsOwn(path) || agent.Can(stat, AgentIdentity.Execute)))
        {
            notSeen.Add((path, $"is closed to {reader.Name}"));
        }
        else if (stat.IsRegular)
        {
            Judge(path, stat);
        }
    }

    private void Judge(string path, Statx stat)
    {
        var isUsual = Array.Exists(usual, folder => IsIn(path, folder));
        if (ProgramFinding.Of(path, stat, IsOwn(path), isUsual, agent) is { } finding)
        {
            findings[path] = finding;
        }
        else if (ProgramFinding.BecomesRoot(stat))
        {
            known++;
        }
    }

    private bool IsOwn(string path) => Array.Exists(own, folder => path == folder || IsIn(path, folder));

    private static bool IsIn(string path, string folder) => path.Length > folder.Length && path[folder.Length] == '/' && path.StartsWith(folder, StringComparison.Ordinal);

    // /bin is a link to /usr/bin on a merged system. Null: it is not there.
    private static string? Real(string path) => Files.Stat(path, out var stat)
        ? stat.IsLink ? Directory.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName : stat.IsFolder ? path : null
        : null;
}
