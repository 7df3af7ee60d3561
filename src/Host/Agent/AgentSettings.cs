using System.Text.RegularExpressions;
using Akka.Configuration;
using Fleet.Host.Logs;
using Fleet.Host.Sandboxes;
using Fleet.Hosts;
using Serilog.Events;

namespace Fleet.Host.Agent;

/// <summary>What hocon/agent.conf says, typed and checked; the defaults are that file, built into the program.</summary>
public sealed partial record AgentSettings
{
    public required bool IsControl { get; init; }

    public required bool IsHost { get; init; }

    public string Roles => string.Join(" and ", new[] { IsControl ? "control" : null, IsHost ? "host" : null }.OfType<string>());

    public required string HostName { get; init; }

    /// <summary>Whether the name was given, and is not merely the machine's.</summary>
    public required bool IsNamed { get; init; }

    public required HostPaths Paths { get; init; }

    public required string Socket { get; init; }

    public required string SocketGroup { get; init; }

    public required SandboxSettings Sandboxes { get; init; }

    public required LogRotationSettings JobLogs { get; init; }

    public required LogEventLevel LogLevel { get; init; }

    public required long LogMaxSize { get; init; }

    public required int LogKeep { get; init; }

    public required string OtlpEndpoint { get; init; }

    /// <exception cref="SettingsException">The file is not there, is no HOCON, has a key that nobody reads, or a value that breaks a rule.</exception>
    public static AgentSettings Load(string? file) => Parse(file is null ? "" : Read(file), file ?? "the defaults");

    public static AgentSettings Parse(string hocon, string name)
    {
        try
        {
            HoconText.RequireBalance(hocon, name);
            var given = ConfigurationFactory.ParseString(hocon);
            var defaults = ConfigurationFactory.ParseString(Defaults);
            HoconText.RefuseUnknown(given, defaults, name);
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
        var state = fleet.GetString("state");
        Require(state.StartsWith('/'), name, "fleet.state", state, "an absolute path");
        var level = fleet.GetString("log.level");
        Require(Enum.TryParse<LogEventLevel>(level, true, out _), name, "fleet.log.level", level, string.Join(", ", Enum.GetNames<LogEventLevel>()));
        var host = OrElse(fleet.GetString("host-name"), Environment.MachineName);
        Require(HostNameForm().IsMatch(host), name, "fleet.host-name", host, "1 to 255 characters of A-Z a-z 0-9 _ . -, the first a letter or digit");
        var paths = new HostPaths(state, OrElse(fleet.GetString("bosh-root"), $"{state}/vcap"));
        var socket = OrElse(fleet.GetString("api.socket"), paths.Socket);
        Require(socket.StartsWith('/'), name, "fleet.api.socket", socket, "an absolute path");
        return new AgentSettings
        {
            IsControl = roles.Contains("control"),
            IsHost = roles.Contains("host"),
            HostName = host,
            IsNamed = fleet.GetString("host-name").Length > 0,
            Paths = paths,
            Socket = socket,
            SocketGroup = fleet.GetString("api.group"),
            Sandboxes = SandboxesOf(fleet, paths, name),
            JobLogs = LogRotationSettings.Default with { MaxBytes = Bytes(fleet, "job-logs.max-size", name), Keep = Keep(fleet, "job-logs.keep", name) },
            LogLevel = Enum.Parse<LogEventLevel>(level, ignoreCase: true),
            LogMaxSize = Bytes(fleet, "log.max-size", name),
            LogKeep = Keep(fleet, "log.keep", name),
            OtlpEndpoint = Endpoint(fleet, name),
        };
    }

    private static SandboxSettings SandboxesOf(Config fleet, HostPaths paths, string name)
    {
        var starts = fleet.GetInt("sandbox.starts-at-once");
        Require(starts is >= 0 and <= 1024, name, "fleet.sandbox.starts-at-once", $"{starts}", "0 to 1024");
        var runtime = fleet.GetString("sandbox.runtime");
        Require(OciRuntime.NameOf(runtime) is not null, name, "fleet.sandbox.runtime", runtime, OciRuntime.Rule);
        return new SandboxSettings
        {
            Paths = paths,
            Runtime = runtime,
            Conmon = Program(fleet, "sandbox.conmon", name),
            Tini = Program(fleet, "sandbox.tini", name),
            Cgroup = Cgroup(fleet, name),
            StartTimeout = StartTimeoutOf(fleet, name),
            ParallelStarts = starts == 0 ? Math.Max(2, Environment.ProcessorCount) : starts,
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

    private static long Bytes(Config fleet, string key, string name)
    {
        var bytes = Size(fleet, key) ?? 0;
        Require(bytes >= 64 * 1024, name, $"fleet.{key}", fleet.GetString(key), "at least 64KiB");
        return bytes;
    }

    private static long? Size(Config fleet, string key)
    {
        try
        {
            return fleet.GetByteSize(key);
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static int Keep(Config fleet, string key, string name)
    {
        var valid = int.TryParse(fleet.GetString(key), out var keep) && keep is >= 1 and <= 1000;
        Require(valid, name, $"fleet.{key}", fleet.GetString(key), "1 to 1000");
        return keep;
    }

    private static string Cgroup(Config fleet, string name)
    {
        var cgroup = fleet.GetString("sandbox.cgroup");
        Require(Hosts.HostInitOptions.CgroupPath().IsMatch(cgroup), name, "fleet.sandbox.cgroup", cgroup, Hosts.HostInitOptions.CgroupRule);
        return cgroup;
    }

    private static string Program(Config fleet, string key, string name)
    {
        var path = fleet.GetString(key);
        Require(path.StartsWith('/'), name, $"fleet.{key}", path, "an absolute path");
        return path;
    }

    private static TimeSpan StartTimeoutOf(Config fleet, string name)
    {
        var timeout = fleet.GetTimeSpan("sandbox.start-timeout", null, allowInfinite: false);
        Require(timeout > TimeSpan.Zero, name, "fleet.sandbox.start-timeout", fleet.GetString("sandbox.start-timeout"), "longer than 0");
        return timeout;
    }

    private static string Endpoint(Config fleet, string name)
    {
        var endpoint = fleet.GetString("telemetry.otlp-endpoint");
        var valid = endpoint.Length == 0 || (Uri.TryCreate(endpoint, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https");
        Require(valid, name, "fleet.telemetry.otlp-endpoint", endpoint, "empty, or an http:// or https:// address");
        return endpoint;
    }

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9_.-]{0,254}\z")]
    private static partial Regex HostNameForm();

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
