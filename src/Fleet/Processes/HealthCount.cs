namespace Fleet.Processes;

/// <summary>Counts probes into a verdict. Pure: it owns no timer.</summary>
/// <param name="Failed">Failed probes in a row that count.</param>
public readonly record struct HealthCount(int Failed, bool EverHealthy)
{
    /// <summary>The count after one more probe, and the verdict if it is clear by now (null: as before).</summary>
    /// <param name="sinceStart">How long the process has run.</param>
    public (HealthCount Count, Health? Verdict) After(bool success, TimeSpan sinceStart, HealthCheck check)
    {
        if (success)
        {
            return (new HealthCount(0, true), Health.Healthy);
        }

        if (!EverHealthy && sinceStart < check.Grace)
        {
            return (this, null);
        }

        var count = this with { Failed = Failed + 1 };
        return (count, count.Failed >= check.Failures ? Health.Unhealthy : null);
    }
}
