using System.Diagnostics;
using Fleet.Ledger;

namespace Fleet.Actors.Telemetry;

/// <summary>
/// The traces of an agent: the one place that names spans and their attributes. A parent comes with the message that is handled, never from
/// <see cref="Activity.Current"/>, which in an actor is whatever the thread did before. With nobody listening nothing is allocated.
/// </summary>
public static class Spans
{
    public const string JobRun = "job.run";
    public const string JobStop = "job.stop";
    public const string JobStart = "job.start";
    public const string JobRestart = "job.restart";
    public const string JobRevert = "job.revert";
    public const string GrantDecide = "grant.decide";
    public const string HostAssign = "host.assign";
    public const string ProcessReconcile = "process.reconcile";
    public const string ProcessStartAnswered = "process.start_answered";
    public const string ProcessSeen = "process.seen";
    public const string ProcessHealthSeen = "process.health_seen";
    public const string ProcessRungOver = "process.rung_over";
    public const string ProcessHindered = "process.hindered";
    public const string ProcessRestartDue = "process.restart_due";
    public const string JournalWrite = "journal.write";
    public const string SandboxStart = "sandbox.start";
    public const string SandboxStop = "sandbox.stop";

    public const string Correlation = "fleet.correlation_id";
    public const string Stream = "fleet.stream";
    public const string Events = "fleet.events";
    public const string Run = "fleet.run";

    private static readonly ActivitySource Source = new(FleetMeter.Name);

    /// <summary>Null where nobody listens or the trace is not sampled. It is not <see cref="Activity.Current"/>, and whoever holds it ends it.</summary>
    /// <param name="parent">Default: a trace of its own.</param>
    public static Activity? Begin(string name, ActivityContext parent, Guid correlation, string stream)
    {
        if (!Source.HasListeners())
        {
            return null;
        }

        // A default parent means Activity.Current to .NET, and a started activity becomes it.
        var ambient = Activity.Current;
        Activity.Current = null;
        try
        {
            return Source.StartActivity(name, ActivityKind.Internal, parent)?.SetTag(Correlation, correlation.ToString()).SetTag(Stream, stream);
        }
        finally
        {
            Activity.Current = ambient;
        }
    }

    public static Activity? Begin(string name, Cause cause, string stream) => Begin(name, cause.Trace, cause.CorrelationId, stream);

    /// <summary>The same cause, with the span as the parent of what follows.</summary>
    public static Cause Under(this Cause cause, Activity? span) => span is null ? cause : cause with { Trace = span.Context };

    public static void End(this Activity? span, string? error = null)
    {
        if (span is null)
        {
            return;
        }

        if (error is not null)
        {
            span.SetStatus(ActivityStatusCode.Error, error);
        }

        var ambient = Activity.Current;
        span.Dispose();
        Activity.Current = ambient;
    }
}
