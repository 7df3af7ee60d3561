using Akka.Actor;
using Akka.Configuration;
using Akka.Dispatch;
using Akka.Event;

namespace Fleet.Actors.Tests;

/// <summary>Akka's own scheduler, but for no wait at all, of which its wheel makes up to 10 ms.</summary>
public sealed class NoWaitScheduler(Config config, ILoggingAdapter log) : SchedulerBase(config, log), IDisposable
{
    private readonly IScheduler wheel = new HashedWheelTimerScheduler(config, log);

    public override TimeSpan MonotonicClock => wheel.MonotonicClock;

    public override TimeSpan HighResMonotonicClock => wheel.HighResMonotonicClock;

    protected override DateTimeOffset TimeNow => wheel.Now;

    public void Dispose() => ((IDisposable)wheel).Dispose();

    protected override void InternalScheduleTellOnce(TimeSpan delay, ICanTell receiver, object message, IActorRef sender, ICancelable cancelable)
    {
        if (delay > TimeSpan.Zero)
        {
            wheel.ScheduleTellOnce(delay, receiver, message, sender, cancelable);
        }
        else
        {
            receiver.Tell(message, sender);
        }
    }

    protected override void InternalScheduleTellRepeatedly(
        TimeSpan initialDelay, TimeSpan interval, ICanTell receiver, object message, IActorRef sender, ICancelable cancelable) =>
        wheel.ScheduleTellRepeatedly(initialDelay, interval, receiver, message, sender, cancelable);

    protected override void InternalScheduleOnce(TimeSpan delay, Action action, ICancelable cancelable) => wheel.Advanced.ScheduleOnce(delay, action, cancelable);

    protected override void InternalScheduleOnce(TimeSpan delay, IRunnable action, ICancelable cancelable) => wheel.Advanced.ScheduleOnce(delay, action, cancelable);

    protected override void InternalScheduleRepeatedly(TimeSpan initialDelay, TimeSpan interval, Action action, ICancelable cancelable) =>
        wheel.Advanced.ScheduleRepeatedly(initialDelay, interval, action, cancelable);

    protected override void InternalScheduleRepeatedly(TimeSpan initialDelay, TimeSpan interval, IRunnable action, ICancelable cancelable) =>
        wheel.Advanced.ScheduleRepeatedly(initialDelay, interval, action, cancelable);
}
