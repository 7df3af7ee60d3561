using Serilog;
using Serilog.Events;
using Serilog.Formatting.Compact;

namespace Fleet.Host.Agent;

/// <summary>The agent's own log: for people on stderr, as JSON lines in a file of its folder.</summary>
public static class AgentLog
{
    public static ILogger Begin(AgentSettings settings) => Log.Logger = new LoggerConfiguration()
        .MinimumLevel.Is(settings.LogLevel)
        .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)
        .Enrich.WithProperty("Host", settings.HostName)
        .WriteTo.Console(
            standardErrorFromLevel: LogEventLevel.Verbose,
            formatProvider: System.Globalization.CultureInfo.InvariantCulture,
            outputTemplate: "{Timestamp:HH:mm:ss.fff} {Level:u3} {Message:lj}{NewLine}{Exception}")
        .WriteTo.File(
            new CompactJsonFormatter(), settings.Paths.AgentLog, fileSizeLimitBytes: settings.LogMaxSize, rollOnFileSizeLimit: true, retainedFileCountLimit: settings.LogKeep)
        .CreateLogger();
}
