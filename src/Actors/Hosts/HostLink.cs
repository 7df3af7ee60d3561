using Fleet.Hosts;

namespace Fleet.Actors.Hosts;

/// <summary>
/// The one link between control and a host: desired state goes down it, observations come up. Both are level-triggered records, so either
/// side may be restarted, and a message lost or doubled, without harm. The loopback is an actor reference each way; a stream over the network
/// takes its place without touching either side.
/// </summary>
public interface IHostLink
{
    void Down(DesiredState desired);

    void Up(Observation observation);
}
