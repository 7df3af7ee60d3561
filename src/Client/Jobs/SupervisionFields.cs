using Fleet.Processes;

namespace Fleet.Client.Jobs;

/// <summary>How a process is kept running and brought to its end: <c>restart</c>, <c>health</c>, <c>stop</c>.</summary>
internal static class SupervisionFields
{
    private static readonly (string Text, RestartWhen When)[] Whens =
        [("always", RestartWhen.Always), ("on-failure", RestartWhen.OnFailure), ("never", RestartWhen.Never)];

    public static RestartPolicy Restart(Field restart)
    {
        var policy = new RestartPolicy();
        if (!restart.IsSet || restart.IsText)
        {
            return policy with { When = When(restart) };
        }

        var keys = restart.Keys(JobFileKeys.Restart);
        return new RestartPolicy
        {
            When = When(keys["when"]),
            Initial = keys["initial"].Duration() ?? policy.Initial,
            Max = keys["max"].Duration() ?? policy.Max,
            StableAfter = keys["stable_after"].Duration() ?? policy.StableAfter,
            MaxAttempts = keys["max_attempts"].Int(),
        };
    }

    public static HealthCheck? Health(Field health)
    {
        if (!health.IsSet)
        {
            return null;
        }

        var keys = health.Keys(JobFileKeys.Health);
        var defaults = new HealthCheck { Probe = new HealthProbe.Tcp(1) };
        return new HealthCheck
        {
            Probe = Probe(health, keys) ?? defaults.Probe,
            Interval = keys["interval"].Duration() ?? defaults.Interval,
            Timeout = keys["timeout"].Duration() ?? defaults.Timeout,
            Grace = keys["grace"].Duration() ?? defaults.Grace,
            Failures = keys["failures"].Int() ?? defaults.Failures,
            Restart = keys["restart"].IsSet ? keys["restart"].Flag() : defaults.Restart,
        };
    }

    public static StopLadder? Stop(Field stop)
    {
        if (stop.Text() is not { } text)
        {
            return null;
        }

        if (StopLadder.TryParse(text, out var ladder))
        {
            return ladder;
        }

        stop.Wrong($"{StopLadder.Rule}; got '{text}'");
        return null;
    }

    private static RestartWhen When(Field when)
    {
        var text = when.Text() ?? "always";
        foreach (var (word, value) in Whens)
        {
            if (word == text)
            {
                return value;
            }
        }

        when.Wrong($"restart is always, on-failure or never; got '{text}'");
        return RestartWhen.Always;
    }

    private static HealthProbe? Probe(Field health, Fields keys)
    {
        string[] probes = [.. new[] { "exec", "http", "tcp" }.Where(k => keys[k].IsSet)];
        if (probes.Length != 1 && health.IsMap)
        {
            health.Wrong($"a health check has exactly one of exec, http and tcp; got {(probes.Length == 0 ? "none" : string.Join(" and ", probes))}");
        }

        // All that are there are read, for the mistakes of each are told at once.
        return probes.Select(probe => (HealthProbe)(probe switch
        {
            "exec" => new HealthProbe.Exec(keys["exec"].Texts()),
            "http" => Http(keys["http"].Keys(JobFileKeys.Http)),
            _ => new HealthProbe.Tcp(Port(keys["tcp"].Keys(JobFileKeys.Tcp))),
        })).ToArray().FirstOrDefault();
    }

    private static HealthProbe.Http Http(Fields http) => new(Port(http), http["path"].Text() ?? "/");

    private static int Port(Fields probe) => probe["port"].Int() ?? 0;
}
