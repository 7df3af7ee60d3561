using System.Collections.Immutable;
using Akka.Actor;
using Fleet.Actors.Ledger;
using Fleet.Grants;

namespace Fleet.Actors.Grants;

/// <summary>All grants of the fleet: passes commands to them and keeps what they came to, also of those that are over. It answers nothing before every grant has recovered.</summary>
internal sealed class GrantsActor(Recorder recorder, IGrantIndex index) : EntitiesActor<GrantId, GrantActor.Now>("grant", index.Grants)
{
    public static Props Props(Recorder recorder, IGrantIndex index) => Akka.Actor.Props.Create(() => new GrantsActor(recorder, index));

    protected override (Props Props, string Name) Of(GrantId id) => (GrantActor.Props(id, recorder), id.ToString());

    protected override void Ready()
    {
        Receive<GrantMessage.Get>(get => Sender.Tell(Find(get.Grant) is { } grant ? new GrantReply.Accepted(grant, false) : NotFound(get.Grant)));
        Receive<GrantMessage.Do>(Pass);
        Receive<ListGrants>(_ => Sender.Tell(Asked().OrderBy(g => g.Asking!.Document.NotBefore).ThenBy(g => g.Asking!.Document.Id.ToString(), StringComparer.Ordinal).ToImmutableArray()));
        Receive<GrantActor.Now>(Heard);
    }

    // Only a request may bring a grant into being; asking for one that is not there must leave nothing behind.
    private void Pass(GrantMessage.Do message)
    {
        if (message.Command is GrantCommand.Request || Find(message.Grant) is not null)
        {
            Actor(message.Grant).Tell(new GrantActor.Do(message.Command, message.Cause, Sender));
        }
        else
        {
            Sender.Tell(NotFound(message.Grant));
        }
    }

    private void Heard(GrantActor.Now now)
    {
        Known[now.Id] = now;
        now.Reply?.To.Tell(now.Reply.What);
    }

    private IEnumerable<Grant> Asked() => Known.Values.Select(now => now.Grant).Where(grant => grant.Asking is not null);

    private Grant? Find(GrantId id) => Known.TryGetValue(id, out var now) && now.Grant.Asking is not null ? now.Grant : null;

    private static GrantReply.Refused NotFound(GrantId id) =>
        new(new Refusal(RefusalCode.NotFound, $"there is no grant {id}; `fleet root list --all` shows those that there are"));
}
