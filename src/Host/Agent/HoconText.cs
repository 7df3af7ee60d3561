using System.Text.RegularExpressions;
using Akka.Configuration;

namespace Fleet.Host.Agent;

/// <summary>What Akka's parser lets pass in a configuration, and nobody means.</summary>
internal static partial class HoconText
{
    /// <summary>A misspelt key would silently be a default.</summary>
    /// <exception cref="SettingsException">A key that nobody reads.</exception>
    public static void RefuseUnknown(Config given, Config defaults, string name)
    {
        if (given.AsEnumerable().Select(e => e.Key).FirstOrDefault(k => k != "fleet") is { } stranger)
        {
            throw new SettingsException($"{name}: there is no key '{stranger}'; every key of the agent is below 'fleet'");
        }

        foreach (var (key, _) in given.AsEnumerable().Where(e => e.Key == "fleet").SelectMany(_ => Keys(given.GetConfig("fleet"), "fleet")))
        {
            if (!defaults.HasPath(key))
            {
                throw new SettingsException($"{name}: there is no key '{key}'; hocon/agent.conf lists all of them");
            }
        }
    }

    private static IEnumerable<(string Key, bool Leaf)> Keys(Config config, string prefix)
    {
        foreach (var (name, value) in config.AsEnumerable())
        {
            yield return ($"{prefix}.{name}", !value.IsObject());
            if (value.IsObject())
            {
                foreach (var inner in Keys(config.GetConfig(name), $"{prefix}.{name}"))
                {
                    yield return inner;
                }
            }
        }
    }

    /// <summary>Akka's parser takes what it understands and drops the rest: a file cut off, or with a brace too many, would silently be the defaults.</summary>
    /// <exception cref="SettingsException">A brace too many or too few.</exception>
    public static void RequireBalance(string hocon, string name)
    {
        var bare = StringsAndComments().Replace(hocon, "");
        var depth = 0;
        var line = 1;
        foreach (var c in bare)
        {
            line += c == '\n' ? 1 : 0;
            depth += c switch { '{' => 1, '}' => -1, _ => 0 };
            if (depth < 0)
            {
                throw new SettingsException($"{name}:{line}: a '}}' closes nothing");
            }
        }

        if (depth > 0 || bare.Count(c => c == '[') != bare.Count(c => c == ']'))
        {
            throw new SettingsException($"{name}: a '{{' or '[' is never closed");
        }

        if (bare.Contains("{{", StringComparison.Ordinal))
        {
            throw new SettingsException($"{name}: '{{{{' opens an object without a name");
        }
    }

    [GeneratedRegex("""("(\\.|[^"\\\n])*")|((#|//)[^\n]*)""")]
    private static partial Regex StringsAndComments();
}
