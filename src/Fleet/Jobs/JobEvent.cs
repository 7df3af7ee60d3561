using Fleet.Ledger;

namespace Fleet.Jobs;

public abstract record JobEvent : FleetEvent
{
    private JobEvent()
    {
    }

    /// <summary>A new version: the next number, and from now on the current one.</summary>
    [StoredName("job.submitted.v1")]
    public sealed record Submitted(int Version, Digest Digest, JobSpec Spec) : JobEvent;

    /// <summary>The content of an earlier version, under the next number.</summary>
    [StoredName("job.reverted.v1")]
    public sealed record Reverted(int Version, int To) : JobEvent;

    [StoredName("job.stopped.v1")]
    public sealed record Stopped : JobEvent;

    [StoredName("job.started.v1")]
    public sealed record Started : JobEvent;

    /// <param name="Restarts">The how-manieth restart asked for.</param>
    [StoredName("job.restarted.v1")]
    public sealed record Restarted(int Restarts) : JobEvent;
}
