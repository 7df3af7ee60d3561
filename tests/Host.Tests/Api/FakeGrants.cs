using System.Collections.Immutable;
using Akka.Actor;
using Fleet.Actors.Grants;
using Fleet.Grants;

namespace Fleet.Host.Tests.Api;

/// <summary>Answers the messages about grants as the real actors do, by the same decisions, from memory.</summary>
public sealed class FakeGrants : ReceiveActor
{
    private readonly Dictionary<GrantId, Grant> grants = [];

    /// <param name="recorded">Gets every event.</param>
    public FakeGrants(List<GrantEvent> recorded)
    {
        Receive<ListGrants>(_ => Sender.Tell(grants.Values.ToImmutableArray()));
        Receive<GrantMessage.Get>(get => Sender.Tell(
            grants.TryGetValue(get.Grant, out var grant) ? new GrantReply.Accepted(grant, false) : new GrantReply.Refused(new Refusal(RefusalCode.NotFound, $"there is no grant {get.Grant}"))));
        Receive<GrantMessage.Do>(message =>
        {
            var now = DateTimeOffset.UtcNow;
            var decision = GrantDecider.Decide(grants.GetValueOrDefault(message.Grant, Grant.None), message.Command, now);
            if (decision.Refusal is { } refusal)
            {
                Sender.Tell(new GrantReply.Refused(refusal));
                return;
            }

            recorded.AddRange(decision.Events);
            grants[message.Grant] = decision.Events.Aggregate(grants.GetValueOrDefault(message.Grant, Grant.None), (grant, @event) => Grant.Evolve(grant, @event, now));
            Sender.Tell(new GrantReply.Accepted(grants[message.Grant], !decision.Events.IsEmpty));
        });
    }
}
