using Akka.Actor;
using Fleet.Processes;
using Fleet.Sandboxes;

namespace Fleet.Actors.Processes;

// Asks after the health of what runs, and counts the answers; what follows from a verdict Supervision decides.
internal sealed partial class ProcessActor
{
    private HealthCount health;

    private sealed record ProbeNow(SandboxIdentity Identity);

    private sealed record Probed(SandboxIdentity Identity, ProbeResult Result);

    private void ProbeLater(ProcessDuty.Watch duty)
    {
        if (duty.Probe && wanted.Spec.Health is { } check)
        {
            // The first probe comes early, so that a rollout need not wait a whole interval for a server that is up at once.
            var delay = health == default ? TimeSpan.FromMilliseconds(Math.Min(250, check.Interval.TotalMilliseconds)) : check.Interval;
            Timers.StartSingleTimer("probe", new ProbeNow(duty.Identity), delay);
        }
    }

    private void Ask(SandboxIdentity identity)
    {
        if (wanted.Spec.Health is { } check)
        {
            ports.Probes.Ask(identity, wanted.Spec, check).PipeTo(Self, success: result => new Probed(identity, result));
        }
    }

    private void Count(Probed probed)
    {
        if (State is not ProcessState.Running running || running.Identity != probed.Identity || wanted.Spec.Health is not { } check)
        {
            return;
        }

        (health, var verdict) = health.After(probed.Result.Healthy, Recorder.Now - running.Since, check);
        ProbeLater(new ProcessDuty.Watch(probed.Identity, true));
        if (verdict is { } seen && seen != running.Health)
        {
            Learn(new ProcessCommand.HealthSeen(running.Run.Id, seen, probed.Result.Detail), trace);
        }
    }
}
