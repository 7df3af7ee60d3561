using Akka.Actor;

namespace Fleet.Actors;

/// <summary>
/// Tells an actor when a time of the wall clock has come, or somewhat before: whoever is woken looks at the clock, and sets it again. Not thread-safe.
/// </summary>
internal sealed class Alarm(TimeProvider clock, IActorRef actor, object message) : IDisposable
{
    // Not as long as a window may be: the clock may be set meanwhile, and a timer does not count how long a machine slept.
    private static readonly TimeSpan LongestSleep = TimeSpan.FromMinutes(10), Tick = TimeSpan.FromMilliseconds(1);

    private ITimer? timer;

    /// <summary>Takes the place of what was set before.</summary>
    /// <param name="at">Null: never.</param>
    public void Set(DateTimeOffset? at)
    {
        timer?.Dispose();
        timer = null;
        if (at is not { } due)
        {
            return;
        }

        var wait = due - clock.GetUtcNow();
        if (wait <= TimeSpan.Zero)
        {
            actor.Tell(message);
            return;
        }

        var bounded = wait > LongestSleep ? LongestSleep : wait < Tick ? Tick : wait;
        timer = clock.CreateTimer(_ => actor.Tell(message), null, bounded, Timeout.InfiniteTimeSpan);
    }

    public void Dispose() => timer?.Dispose();
}
