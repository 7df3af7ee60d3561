using System.Globalization;
using System.Text.RegularExpressions;

namespace Fleet.Host.Hosts;

/// <summary>Rules of doas.conf(5) that permit the agent's user something. The last that fits decides there, so a later denial of everything takes them back.</summary>
internal static partial class Doas
{
    private const string Name = "doas";

    public static DoctorLine Check(AgentIdentity agent, RootPlaces places)
    {
        if (!File.Exists(places.Doas))
        {
            return DoctorLine.Ok(Name, "there are no rules");
        }

        try
        {
            return Permits(agent, ConfigLine.Of(places.Doas)) is [var first, ..]
                ? DoctorLine.Fail(Name, $"{first.Place} is for {agent.Name}: '{first.Short}'", $"take the rule for {agent.Name} or its group out of {first.File}")
                : DoctorLine.Ok(Name, $"no rule is for {agent.Name} or its groups");
        }
        catch (IOException)
        {
            return DoctorLine.Warn(Name, $"{places.Doas} cannot be read, so it could not be told", "sudo fleet doctor");
        }
    }

    private static List<ConfigLine> Permits(AgentIdentity agent, IEnumerable<ConfigLine> lines)
    {
        var permits = new List<ConfigLine>();
        foreach (var line in lines)
        {
            var rule = Rule().Match(line.Text);
            if (!rule.Success || !Fits(rule.Groups["who"].Value.Replace("\"", "", StringComparison.Ordinal), agent))
            {
                continue;
            }

            if (rule.Groups["action"].Value == "permit")
            {
                permits.Add(line);
            }
            else if (rule.Groups["rest"].Length == 0)
            {
                permits.Clear();
            }
        }

        return permits;
    }

    private static bool Fits(string who, AgentIdentity agent) => who switch
    {
        [':', .. var group] => agent.Groups.Any(its => its.Name == group || group == its.Gid.ToString(CultureInfo.InvariantCulture)),
        _ => who == agent.Name || who == agent.Uid.ToString(CultureInfo.InvariantCulture),
    };

    [GeneratedRegex("""^(?<action>permit|deny)\s+((nopass|nolog|persist|keepenv|setenv\s*\{[^}]*\})\s+)*(?<who>\S+)\s*(?<rest>.*)$""")]
    private static partial Regex Rule();
}
