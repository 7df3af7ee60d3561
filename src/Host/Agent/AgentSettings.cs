using System.Text.RegularExpressions;
using Akka.Configuration;
using Fleet.Host.Grants;
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

    public required RootSettings Root { get; init; }

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
            return From(new SettingValues(given.WithFallback(defaults).GetConfig("fleet"), name));
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

    private static AgentSettings From(SettingValues values)
    {
        var roles = values.List("roles");
        values.Require(roles.Count > 0 && roles.All(r => r is "control" or "host"), "roles", string.Join(',', roles), "one or both of control and host");
        var level = values.Text("log.level");
        values.Require(Enum.TryParse<LogEventLevel>(level, true, out _), "log.level", level, string.Join(", ", Enum.GetNames<LogEventLevel>()));
        var host = values.Text("host-name", Environment.MachineName);
        values.Require(HostNameForm().IsMatch(host), "host-name", host, "1 to 255 characters of A-Z a-z 0-9 _ . -, the first a letter or digit");
        var state = values.Path("state");
        var paths = new HostPaths(state, values.Text("bosh-root", $"{state}/vcap"));
        return new AgentSettings
        {
            IsControl = roles.Contains("control"),
            IsHost = roles.Contains("host"),
            HostName = host,
            IsNamed = values.Text("host-name").Length > 0,
            Paths = paths,
            Socket = values.Path("api.socket", paths.Socket),
            SocketGroup = values.Text("api.group"),
            Root = new RootSettings(values.Path("root.policy"), values.Path("root.socket")),
            Sandboxes = SandboxesOf(values, paths),
            JobLogs = LogRotationSettings.Default with { MaxBytes = values.Bytes("job-logs.max-size"), Keep = values.Keep("job-logs.keep") },
            LogLevel = Enum.Parse<LogEventLevel>(level, ignoreCase: true),
            LogMaxSize = values.Bytes("log.max-size"),
            LogKeep = values.Keep("log.keep"),
            OtlpEndpoint = Endpoint(values),
        };
    }

    private static SandboxSettings SandboxesOf(SettingValues values, HostPaths paths)
    {
        var starts = values.Number("sandbox.starts-at-once");
        values.Require(starts is >= 0 and <= 1024, "sandbox.starts-at-once", $"{starts}", "0 to 1024");
        var runtime = values.Text("sandbox.runtime");
        values.Require(OciRuntime.NameOf(runtime) is not null, "sandbox.runtime", runtime, OciRuntime.Rule);
        var cgroup = values.Text("sandbox.cgroup");
        values.Require(Hosts.HostInitOptions.CgroupPath().IsMatch(cgroup), "sandbox.cgroup", cgroup, Hosts.HostInitOptions.CgroupRule);
        return new SandboxSettings
        {
            Paths = paths,
            Runtime = runtime,
            Conmon = values.Path("sandbox.conmon"),
            Tini = values.Path("sandbox.tini"),
            Cgroup = cgroup,
            RootSocket = values.Path("root.socket"),
            StartTimeout = values.Time("sandbox.start-timeout"),
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

    private static string Endpoint(SettingValues values)
    {
        var endpoint = values.Text("telemetry.otlp-endpoint");
        var valid = endpoint.Length == 0 || (Uri.TryCreate(endpoint, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https");
        values.Require(valid, "telemetry.otlp-endpoint", endpoint, "empty, or an http:// or https:// address");
        return endpoint;
    }

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9_.-]{0,254}\z")]
    private static partial Regex HostNameForm();
}

/// <summary>The agent's configuration breaks a rule; the message names file, key and rule.</summary>
public sealed class SettingsException(string message, Exception? inner = null) : Exception(message, inner);
