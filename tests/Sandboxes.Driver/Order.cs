using Fleet.Hosts;
using Fleet.Processes;

namespace Fleet.Sandboxes.Driver;

/// <summary>One command to the driver.</summary>
public sealed record Order(string Do)
{
    public SandboxRequest? Request { get; init; }

    /// <summary>Of a "start-all": started at once.</summary>
    public SandboxRequest[] Requests { get; init; } = [];

    public RunId? Run { get; init; }

    public SandboxIdentity? Identity { get; init; }

    public StopSignal Signal { get; init; } = StopSignal.Term;

    public string[]? Command { get; init; }

    /// <summary>Of a "tail": the log's last lines; of a "rotate": at this log's whole size.</summary>
    public string Log { get; init; } = "";

    /// <summary>Of a "return".</summary>
    public SliceOf[] Idle { get; init; } = [];

    /// <summary>Of a "together": done at once, each after its own delay.</summary>
    public Order[] Orders { get; init; } = [];

    public int DelayMs { get; init; }

    public int TimeoutMs { get; init; } = 10_000;
}
