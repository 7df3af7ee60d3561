using System.Collections.Immutable;
using Akka.Actor;
using Fleet.Actors.Jobs;
using Fleet.Actors.Ledger;
using Fleet.Grants;

namespace Fleet.Actors.Grants;

/// <summary>
/// All grants of the fleet: passes commands to them and keeps what they came to, also of those that are over. It answers nothing before every grant has recovered.
/// Those for jobs it tells the Jobs actor, whole, after each change and every few seconds: either may be started again at any time.
/// </summary>
/// <param name="jobs">Hears <see cref="TellJobGrants"/>.</param>
internal sealed class GrantsActor(Recorder recorder, IGrantIndex index, IActorRef jobs) : EntitiesActor<GrantId, GrantActor.Now>("grant", index.Grants)
{
    private static readonly TimeSpan Repeat = TimeSpan.FromSeconds(10);

    public static Props Props(Recorder recorder, IGrantIndex index, IActorRef jobs) => Akka.Actor.Props.Create(() => new GrantsActor(recorder, index, jobs));

    private sealed record TellJobs;

    protected override (Props Props, string Name) Of(GrantId id) => (GrantActor.Props(id, recorder), id.ToString());

    protected override void Ready()
    {
        Receive<GrantMessage.Get>(get => Sender.Tell(Find(get.Grant) is { } grant ? new GrantReply.Accepted(grant, false) : NotFound(get.Grant)));
        Receive<GrantMessage.Do>(Pass);
        Receive<ListGrants>(_ => Sender.Tell(Asked().OrderBy(g => g.Asking!.Document.NotBefore).ThenBy(g => g.Asking!.Document.Id.ToString(), StringComparer.Ordinal).ToImmutableArray()));
        Receive<GrantActor.Now>(Heard);
        Receive<TellJobs>(_ => Tell());
        Timers.StartPeriodicTimer("jobs", new TellJobs(), TimeSpan.Zero, Repeat);
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
        if (IsOfJob(now))
        {
            Tell();
        }

        now.Reply?.To.Tell(now.Reply.What);
    }

    // Grants are never removed and their streams never shorten, so the sum rises with every change and is as durable as they are.
    private void Tell() => jobs.Tell(new TellJobGrants(
        Known.Values.Where(IsOfJob).Sum(now => now.Sequence), JobGrants.Told(Known.Values.Select(now => now.Grant), recorder.Now)));

    private static bool IsOfJob(GrantActor.Now now) => now.Grant.Asking?.Document.PrivilegedJob is not null;

    private IEnumerable<Grant> Asked() => Known.Values.Select(now => now.Grant).Where(grant => grant.Asking is not null);

    private Grant? Find(GrantId id) => Known.TryGetValue(id, out var now) && now.Grant.Asking is not null ? now.Grant : null;

    private static GrantReply.Refused NotFound(GrantId id) =>
        new(new Refusal(RefusalCode.NotFound, $"there is no grant {id}; `fleet root list --all` shows those that there are"));
}
