using System.Diagnostics;
using Akka.Actor;
using Fleet.Actors.Ledger;

namespace Fleet.Bench.Journal;

/// <summary>
/// 200 actors, each of which waits until its event is on disk (WAL, synchronous=FULL) before it decides the next, as a supervisor does.
/// Prints the median round after a warm-up, and the median
/// time of one event that waits alone.
/// </summary>
internal static class Throughput
{
    private const int Actors = 200;
    private const int EventsEach = 150;

    public static async Task<int> Run()
    {
        using var folder = new BenchFolder();
        using var system = folder.Start();
        var recorder = new Recorder("bench", TimeProvider.System);
        var actors = Enumerable.Range(0, Actors).Select(n => system.ActorOf(Props.Create(() => new Writer(n, recorder)))).ToList();
        var rounds = new List<double>();
        for (var round = 0; round < 6; round++)
        {
            var began = Stopwatch.GetTimestamp();
            await Task.WhenAll(actors.Select(a => a.Ask<Writer.Done>(new Writer.Go(EventsEach), TimeSpan.FromMinutes(5))));
            rounds.Add(Actors * EventsEach / Stopwatch.GetElapsedTime(began).TotalSeconds);
        }

        var alone = new List<double>();
        for (var n = 0; n < 101; n++)
        {
            var began = Stopwatch.GetTimestamp();
            await actors[0].Ask<Writer.Done>(new Writer.Go(1), TimeSpan.FromMinutes(1));
            alone.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }

        Console.WriteLine($"events_per_second {rounds.Skip(1).Order().ElementAt(2):F0} one_alone_ms {alone.Order().ElementAt(50):F2}");
        await system.Terminate();
        return 0;
    }
}
