using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Fleet.Processes;

/// <summary>How a running process is asked whether it works.</summary>
public sealed record HealthCheck
{
    public required HealthProbe Probe { get; init; }

    /// <summary>Between the end of one probe and the start of the next.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(10);

    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Failures within this time after the start do not count; the first success ends it.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Failed probes in a row that make the process unhealthy; at least 1.</summary>
    public int Failures { get; init; } = 3;

    /// <summary>Whether an unhealthy process is stopped and started again.</summary>
    public bool Restart { get; init; } = true;
}

[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(Exec), "exec")]
[JsonDerivedType(typeof(Http), "http")]
[JsonDerivedType(typeof(Tcp), "tcp")]
public abstract record HealthProbe
{
    private HealthProbe()
    {
    }

    /// <summary>Runs in the process's sandbox, as its user; healthy if it exits 0.</summary>
    public sealed record Exec(ImmutableArray<string> Command) : HealthProbe;

    /// <summary>GET on the host's loopback; healthy on a status from 200 to 399.</summary>
    public sealed record Http(int Port, string Path) : HealthProbe;

    /// <summary>Healthy if the host's loopback accepts a connection.</summary>
    public sealed record Tcp(int Port) : HealthProbe;
}
