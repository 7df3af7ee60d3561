using Akka.Actor;
using Fleet.Hosts;

namespace Fleet.Actors.Hosts;

/// <summary>The link of a fleet of one: control and host are in one process. What is sent before an end is connected is dropped; both ends repeat themselves.</summary>
public sealed class LoopbackLink : IHostLink
{
    private volatile IActorRef control = ActorRefs.Nobody;
    private volatile IActorRef host = ActorRefs.Nobody;

    public void ConnectControl(IActorRef actor) => control = actor;

    public void ConnectHost(IActorRef actor) => host = actor;

    public void Down(DesiredState desired) => host.Tell(desired);

    public void Up(Observation observation) => control.Tell(observation);
}
