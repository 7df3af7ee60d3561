using Akka.Actor;
using Akka.Event;

namespace Fleet.Actors.Ledger;

/// <summary>What an entity tells the actor of all of its kind: once it has recovered, and after each command.</summary>
internal interface IEntityNow<out TId>
{
    TId Id { get; }
}

/// <summary>
/// All entities of one kind, each an actor with a stream of its own. It starts those that the ledger has, answers nothing before every one has recovered,
/// and starts again one that the journal failed: what that one recorded is safe.
/// </summary>
/// <param name="kind">One of them, in words.</param>
/// <param name="index">Those that the ledger has.</param>
internal abstract class EntitiesActor<TId, TNow>(string kind, Func<Task<IReadOnlyList<TId>>> index) : ReceiveActor, IWithTimers, IWithStash
    where TId : notnull
    where TNow : IEntityNow<TId>
{
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(1);

    private readonly Dictionary<TId, IActorRef> actors = [];
    private readonly HashSet<TId> recovering = [];

    public ITimerScheduler Timers { get; set; } = null!;

    public IStash Stash { get; set; } = null!;

    /// <summary>What each said last.</summary>
    protected Dictionary<TId, TNow> Known { get; } = [];

    private sealed record Found(IReadOnlyList<TId> Ids);

    private sealed record Revive(TId Id);

    protected override void PreStart()
    {
        Become(Recovering);
        index().PipeTo(Self, success: found => new Found(found));
    }

    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Stop);

    protected abstract (Props Props, string Name) Of(TId id);

    /// <summary>Registers what is received at any time.</summary>
    protected virtual void Always()
    {
        Receive<Terminated>(dead => Lost(dead.ActorRef));
        Receive<Revive>(revive => Actor(revive.Id));
    }

    /// <summary>Registers what is received once all have recovered, beside that; called then.</summary>
    protected abstract void Ready();

    protected IActorRef Actor(TId id)
    {
        if (!actors.TryGetValue(id, out var actor))
        {
            var (props, name) = Of(id);
            actors[id] = actor = Context.Watch(Context.ActorOf(props, name));
        }

        return actor;
    }

    private void Recovering()
    {
        Always();
        Receive<Found>(found =>
        {
            recovering.UnionWith(found.Ids);
            found.Ids.ToList().ForEach(id => Actor(id));
            ReadyWhenRecovered();
        });
        Receive<TNow>(now =>
        {
            Known[now.Id] = now;
            recovering.Remove(now.Id);
            ReadyWhenRecovered();
        });
        Receive<Status.Failure>(failure => Context.System.EventStream.Publish(new RecoveryRefused($"the list of {kind}s", 0, failure.Cause)));
        ReceiveAny(_ => Stash.Stash());
    }

    private void ReadyWhenRecovered()
    {
        if (recovering.Count == 0)
        {
            Become(() =>
            {
                Always();
                Ready();
            });
            Stash.UnstashAll();
        }
    }

    private void Lost(IActorRef dead)
    {
        var (id, _) = actors.First(a => a.Value.Equals(dead));
        actors.Remove(id);
        Context.GetLogger().Warning("{0} {1} stopped after a failed write; starting it again", kind, id);
        Timers.StartSingleTimer($"revive {id}", new Revive(id), Again);
    }
}
