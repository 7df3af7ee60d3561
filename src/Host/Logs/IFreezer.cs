namespace Fleet.Host.Logs;

/// <summary>Stops all processes that write a log for the moment of its truncation, without their noticing.</summary>
public interface IFreezer
{
    /// <summary>Returns when none of them runs any more. Idempotent. Outlives the agent: the one that starts after it was killed thaws (<see cref="FrozenRuns"/>).</summary>
    /// <exception cref="LogRefusedException">They could not be frozen; they run on.</exception>
    void Freeze();

    /// <summary>Idempotent; does nothing where the group is gone.</summary>
    void Thaw();
}
