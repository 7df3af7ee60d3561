using Fleet.Processes;

namespace Fleet.Jobs;

/// <summary>Restart and health: ranges that keep a supervisor from spinning and a timer from overflowing.</summary>
public static partial class JobRules
{
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    private static IEnumerable<Mistake> CheckRestart(RestartPolicy restart, string at) =>
    [
        .. CheckRange(restart.Initial, Shortest, $"{at}.initial"),
        .. CheckRange(restart.Max, Shortest, $"{at}.max"),
        .. Broken(
            restart.Max < restart.Initial, $"{at}.max",
            $"the longest delay is at least the first ({Duration.Format(restart.Initial)}); got {Duration.Format(restart.Max)}"),
        .. CheckRange(restart.StableAfter, TimeSpan.Zero, $"{at}.stable_after"),
        .. Broken(restart.MaxAttempts < 1, $"{at}.max_attempts", $"max_attempts is at least 1 (leave it out for no end); got {restart.MaxAttempts}"),
    ];

    private static IEnumerable<Mistake> CheckHealth(HealthCheck health, string at) =>
    [
        .. CheckProbe(health.Probe, at),
        .. CheckRange(health.Interval, Shortest, $"{at}.interval"),
        .. CheckRange(health.Timeout, Shortest, $"{at}.timeout"),
        .. CheckRange(health.Grace, TimeSpan.Zero, $"{at}.grace"),
        .. Broken(health.Failures is < 1 or > 1000, $"{at}.failures", $"failures is from 1 to 1000; got {health.Failures}"),
    ];

    private static IEnumerable<Mistake> CheckProbe(HealthProbe probe, string at) => probe switch
    {
        HealthProbe.Exec exec => Broken(exec.Command.IsEmpty || exec.Command[0].Length == 0, $"{at}.exec", "an exec probe has a program, then its arguments"),
        HealthProbe.Tcp tcp => CheckPort(tcp.Port, $"{at}.tcp.port"),
        HealthProbe.Http http =>
        [
            .. CheckPort(http.Port, $"{at}.http.port"),
            .. Broken(
                !http.Path.StartsWith('/') || http.Path.Any(c => c is <= ' ' or > '~'), $"{at}.http.path",
                $"a path of a http probe starts with '/' and has printable ASCII without blanks; got '{http.Path}'"),
        ],
        _ => throw new System.Diagnostics.UnreachableException($"no rule for {probe.GetType()}"),
    };

    private static IEnumerable<Mistake> CheckPort(int port, string at) => Broken(port is < 1 or > 65535, at, $"a port is from 1 to 65535; got {port}");

    private static IEnumerable<Mistake> CheckRange(TimeSpan value, TimeSpan least, string at) => Broken(
        value < least || value > Longest, at, $"this duration is from {Duration.Format(least)} to {Duration.Format(Longest)}; got {Duration.Format(value)}");
}
