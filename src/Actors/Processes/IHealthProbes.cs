using Fleet.Processes;
using Fleet.Sandboxes;

namespace Fleet.Actors.Processes;

/// <summary>Asks a running process whether it works. Thread-safe; never throws for an unhealthy process; ends within the timeout and a second.</summary>
public interface IHealthProbes
{
    Task<ProbeResult> Ask(SandboxIdentity identity, ProcessSpec spec, HealthCheck check);
}

/// <param name="Detail">What was seen, for people: <c>connection refused on 127.0.0.1:6379</c>.</param>
public sealed record ProbeResult(bool Healthy, string Detail);
