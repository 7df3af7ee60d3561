using System.Diagnostics.Metrics;

namespace Fleet.Actors.Telemetry;

/// <summary>The metrics of an agent: the one place that names them; <see cref="Spans"/> names the traces. Units are in the instruments.</summary>
public static class FleetMeter
{
    public const string Name = "Fleet";

    private static readonly Meter Meter = new(Name);

    public static readonly Counter<long> Starts = Meter.CreateCounter<long>("fleet.process.starts", "{start}", "Starts of sandboxes, by outcome");

    public static readonly Counter<long> Exits = Meter.CreateCounter<long>("fleet.process.exits", "{exit}", "Ends of sandboxes, by whether out of memory");

    public static readonly Histogram<double> StartDuration =
        Meter.CreateHistogram<double>("fleet.process.start.duration", "s", "From the duty to start a sandbox to its outcome, waiting for a turn included");

    public static readonly Counter<long> Events = Meter.CreateCounter<long>("fleet.events", "{event}", "Events persisted");

    private static int running;

    // Asked for and not told of: an agent takes up its processes before anybody listens, and those changes would be lost for good.
    static FleetMeter() => Meter.CreateObservableUpDownCounter("fleet.processes.running", () => Running, "{process}", "Processes in the phase running");

    public static int Running => Volatile.Read(ref running);

    /// <summary>Thread-safe.</summary>
    /// <param name="change">Of the number of processes that run.</param>
    public static void Run(int change) => Interlocked.Add(ref running, change);
}
