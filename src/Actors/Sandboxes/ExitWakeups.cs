using System.Collections.Concurrent;
using Akka.Actor;
using Fleet.Sandboxes;

namespace Fleet.Actors.Sandboxes;

/// <summary>Tells the one actor that waits for a run's end that it has probably come. Thread-safe.</summary>
public sealed class ExitWakeups : IDisposable
{
    private readonly ConcurrentDictionary<RunId, IActorRef> waiting = new();
    private readonly IDisposable subscription;

    public ExitWakeups(ISandboxes sandboxes) => subscription = sandboxes.OnExit(Wake);

    /// <summary>Sent to who waits; it means nothing more than: look.</summary>
    public sealed record Look(RunId Run);

    public void Expect(RunId run, IActorRef actor) => waiting[run] = actor;

    public void Forget(RunId run) => waiting.TryRemove(run, out _);

    public void Dispose() => subscription.Dispose();

    private void Wake(RunId run)
    {
        if (waiting.TryGetValue(run, out var actor))
        {
            actor.Tell(new Look(run));
        }
    }
}
