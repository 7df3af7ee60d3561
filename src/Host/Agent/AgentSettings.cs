using System.Globalization;
using Akka.Configuration;
using Fleet.Hosts;

namespace Fleet.Host.Agent;

/// <summary>What hocon/agent.conf says, typed and checked; the defaults are that file, built into the program.</summary>
public sealed record AgentSettings
{
    public required bool IsControl { get; init; }

    public required bool IsHost { get; init; }

    public required string HostName { get; init; }

    public required HostPaths Paths { get; init; }

    public required string Socket { get; init; }

    public required UnixFileMode SocketMode { get; init; }

    public required string Runtime { get; init; }

    public required string RuntimeKind { get; init; }

    public required string Conmon { get; init; }

    public required string Tini { get; init; }

    public required string Cgroup { get; init; }

    public required TimeSpan StartTimeout { get; init; }

    public required int StartsAtOnce { get; init; }

    public required long JobLogMaxSize { get; init; }

    public required int JobLogKeep { get; init; }

    public required string LogLevel { get; init; }

    public required long LogMaxSize { get; init; }

    public required int LogKeep { get; init; }

    public required string OtlpEndpoint { get; init; }

    /// <exception cref="SettingsException">The file is not there, is no HOCON, has a key that nobody reads, or a value that breaks a rule.</exception>
    public static AgentSettings Load(string? file) => Parse(file is null ? "" : Read(file), file ?? "the defaults");

    public static AgentSettings Parse(string hocon, string name)
    {
        try
        {
            var given = ConfigurationFactory.ParseString(hocon);
            var defaults = ConfigurationFactory.ParseString(Defaults);
            RefuseUnknown(given, defaults, name);
            return From(given.WithFallback(defaults).GetConfig("fleet"), name);
        }
        catch (Exception e) when (e is not SettingsException)
        {
            throw new SettingsException($"{name}: {e.Message}", e);
        }
    }

    /// <summary>hocon/agent.conf as built in.</summary>
    public static string Defaults
    {
        get
        {
            using var stream = typeof(AgentSettings).Assembly.GetManifestResourceStream("agent.conf")!;
            using var reader = new StreamReader(stream);
            return reader.ReadToEnd();
        }
    }

    private static AgentSettings From(Config fleet, string name)
    {
        var roles = fleet.GetStringList("roles");
        var wrong = roles.FirstOrDefault(r => r is not ("control" or "host"));
        Require(wrong is null && roles.Count > 0, name, "fleet.roles", string.Join(',', roles), "one or both of control and host");
        var kind = fleet.GetString("sandbox.runtime-kind");
        Require(kind is "crun" or "runc", name, "fleet.sandbox.runtime-kind", kind, "crun or runc");
        var state = fleet.GetString("state");
        Require(state.StartsWith('/'), name, "fleet.state", state, "an absolute path");
        var starts = fleet.GetInt("sandbox.starts-at-once");
        Require(starts is >= 0 and <= 1024, name, "fleet.sandbox.starts-at-once", $"{starts}", "0 to 1024");
        return new AgentSettings
        {
            IsControl = roles.Contains("control"),
            IsHost = roles.Contains("host"),
            HostName = OrElse(fleet.GetString("host-name"), Environment.MachineName),
            Paths = new HostPaths(state, OrElse(fleet.GetString("bosh-root"), $"{state}/vcap")),
            Socket = OrElse(fleet.GetString("api.socket"), $"{state}/api.sock"),
            SocketMode = Mode(fleet.GetString("api.socket-mode"), name),
            Runtime = fleet.GetString("sandbox.runtime"),
            RuntimeKind = kind,
            Conmon = fleet.GetString("sandbox.conmon"),
            Tini = fleet.GetString("sandbox.tini"),
            Cgroup = fleet.GetString("sandbox.cgroup"),
            StartTimeout = fleet.GetTimeSpan("sandbox.start-timeout", null, allowInfinite: false),
            StartsAtOnce = starts == 0 ? Environment.ProcessorCount : starts,
            JobLogMaxSize = Bytes(fleet, "job-logs.max-size", name),
            JobLogKeep = fleet.GetInt("job-logs.keep"),
            LogLevel = fleet.GetString("log.level"),
            LogMaxSize = Bytes(fleet, "log.max-size", name),
            LogKeep = fleet.GetInt("log.keep"),
            OtlpEndpoint = fleet.GetString("telemetry.otlp-endpoint"),
        };
    }

    private static string Read(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SettingsException($"{file}: the configuration cannot be read: {e.Message}", e);
        }
    }

    // A misspelt key would silently be a default.
    private static void RefuseUnknown(Config given, Config defaults, string name)
    {
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

    private static long Bytes(Config fleet, string key, string name)
    {
        var bytes = fleet.GetByteSize(key) ?? 0;
        Require(bytes >= 64 * 1024, name, $"fleet.{key}", fleet.GetString(key), "at least 64KiB");
        return bytes;
    }

    private static UnixFileMode Mode(string text, string name)
    {
        var valid = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _) && text.All(c => c is >= '0' and <= '7') && text.Length is 3 or 4;
        Require(valid, name, "fleet.api.socket-mode", text, "an octal mode such as 0660");
        return (UnixFileMode)(Convert.ToInt32(text, 8) & 0b111_111_111);
    }

    private static void Require(bool holds, string name, string key, string value, string rule)
    {
        if (!holds)
        {
            throw new SettingsException($"{name}: {key} is '{value}'; it must be {rule}");
        }
    }

    private static string OrElse(string? value, string otherwise) => string.IsNullOrEmpty(value) ? otherwise : value;
}

/// <summary>The agent's configuration breaks a rule; the message names file, key and rule.</summary>
public sealed class SettingsException(string message, Exception? inner = null) : Exception(message, inner);
