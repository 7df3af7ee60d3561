using System.Globalization;
using System.Text.RegularExpressions;

namespace Fleet.Host.Hosts;

/// <summary>
/// Rules of sudoers(5) that name the agent's user. Whatever they allow, they are one root too many: neither the commands of a rule are weighed nor its hosts,
/// for which sudo was wrong more than once. Read only as far as to tell whom a rule is for.
/// </summary>
internal sealed partial class Sudoers(AgentIdentity agent)
{
    private const string Name = "sudoers";
    private const int Deepest = 16; // Aliases of aliases; sudo refuses a circle.

    private readonly Dictionary<string, List<string>> aliases = [];
    private bool untold;

    public static DoctorLine Check(AgentIdentity agent, RootPlaces places)
    {
        var files = SudoersFiles.Read(places);
        var (rules, untold) = new Sudoers(agent).Rules(files.Lines);
        return (rules, files.Closed, untold) switch
        {
            ([var first, ..], _, _) => DoctorLine.Fail(Name, $"{first.Place} is for {agent.Name}: '{first.Short}'{More(rules.Count)}",
                $"visudo -f {first.File}: let no rule be for {agent.Name}, its groups or ALL"),
            (_, [var file, ..], _) => DoctorLine.Warn(Name, $"{file} cannot be read, so it could not be told", "sudo fleet doctor"),
            (_, _, { } line) => DoctorLine.Warn(Name, $"{line.Place} is for a netgroup, or in a form not known here: it could not be told", $"sudo -l -U {agent.Name}"),
            _ => DoctorLine.Ok(Name, files.Lines.Count == 0 ? "there are no rules" : $"no rule is for {agent.Name}, its groups or ALL"),
        };
    }

    public (List<ConfigLine> Rules, ConfigLine? Untold) Rules(IReadOnlyList<ConfigLine> lines)
    {
        foreach (Match alias in lines.Select(line => line.Text).Where(text => Alias().IsMatch(text)).SelectMany(text => Definition().Matches(Alias().Replace(text, ":"))))
        {
            aliases[alias.Groups["name"].Value] = Items(alias);
        }

        var (rules, open) = (new List<ConfigLine>(), (ConfigLine?)null);
        foreach (var line in lines.Where(line => !line.Text.StartsWith("Defaults", StringComparison.Ordinal) && !AnyAlias().IsMatch(line.Text)))
        {
            untold = false;
            var rule = Rule().Match(line.Text);
            if (rule.Success && Names(Items(rule), 0) == true)
            {
                rules.Add(line);
            }

            open ??= untold || !rule.Success ? line : null;
        }

        return (rules, open);
    }

    // The last item that fits decides; null: none does.
    private bool? Names(List<string> items, int depth)
    {
        bool? names = null;
        foreach (var item in items)
        {
            var bare = item.TrimStart('!', ' ', '\t');
            var negated = item[..^bare.Length].Count(c => c == '!') % 2 == 1;
            names = Fits(Unquoted(bare), depth) is { } fits ? fits != negated : names;
        }

        return names;
    }

    private bool? Fits(string item, int depth)
    {
        untold |= item.StartsWith('+') || item.StartsWith("%:", StringComparison.Ordinal);
        return item switch
        {
            _ when aliases.TryGetValue(item, out var list) => depth < Deepest ? Names(list, depth + 1) : null,
            "ALL" => true,
            ['%', '#', .. var gid] => agent.Groups.Any(group => IsNumber(gid, group.Gid)) ? true : null,
            ['%', .. var group] => agent.Groups.Any(its => its.Name == group) ? true : null,
            ['#', .. var uid] => IsNumber(uid, agent.Uid) ? true : null,
            _ => item == agent.Name ? true : null,
        };
    }

    private static bool IsNumber(string text, uint id) => uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number == id;

    private static List<string> Items(Match match) => [.. match.Groups["item"].Captures.Select(capture => capture.Value)];

    private static string Unquoted(string item) => item.Replace("\"", "", StringComparison.Ordinal).Replace("\\", "", StringComparison.Ordinal);

    private static string More(int count) => count > 1 ? $", and {count - 1} more" : "";

    private const string List = """(?<item>(!\s*)*(%:?|\+)?("[^"]*"|(\\.|[^\s,"\\=:!])+))(\s*,\s*(?<item>(!\s*)*(%:?|\+)?("[^"]*"|(\\.|[^\s,"\\=:!])+)))*""";

    [GeneratedRegex($@"^{List}\s+[^\s,].*=")]
    private static partial Regex Rule();

    [GeneratedRegex(@"^User_Alias\s+")]
    private static partial Regex Alias();

    [GeneratedRegex(@"^(User|Runas|Host|Cmnd|Cmd)_Alias\s")]
    private static partial Regex AnyAlias();

    [GeneratedRegex($@":\s*(?<name>[A-Z][A-Z0-9_]*)\s*=\s*{List}\s*")]
    private static partial Regex Definition();
}
