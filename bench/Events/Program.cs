using System.Diagnostics;
using Akka.Actor;
using Akka.Configuration;
using Fleet.Actors;
using Fleet.Actors.Ledger;
using Fleet.Bench.Events;
using Microsoft.Data.Sqlite;

// Events per second that the agent's own journal takes, one after the other from each of many actors: each waits until its event is on disk
// (WAL, synchronous=FULL) before it decides the next, as a supervisor does. Prints one line per round; the first round warms up.
const int Actors = 200;
const int EventsEach = 150;
var folder = args is [var given] ? Directory.CreateDirectory(given).FullName : Directory.CreateTempSubdirectory("fleet-bench-").FullName;
var journal = new SqliteJournal(Path.Combine(folder, "journal.db"), Path.Combine(folder, "snapshots.db"));
using var system = FleetActors.CreateSystem(journal, ConfigurationFactory.ParseString("akka { loglevel = WARNING, stdout-loglevel = WARNING }"));
var recorder = new Recorder("bench", TimeProvider.System);
var actors = Enumerable.Range(0, Actors).Select(n => system.ActorOf(Props.Create(() => new Writer(n, recorder)))).ToList();
for (var round = 0; round < 4; round++)
{
    var began = Stopwatch.GetTimestamp();
    await Task.WhenAll(actors.Select(a => a.Ask<Writer.Done>(new Writer.Go(EventsEach), TimeSpan.FromMinutes(5)))).ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
    var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
    Console.WriteLine($"{(round == 0 ? "warm-up" : $"round {round}")}: {Actors * EventsEach / seconds:F0} events/s ({Actors} actors, {EventsEach} events each, one after the other)");
}

await system.Terminate();
SqliteConnection.ClearAllPools();
if (args is [])
{
    Directory.Delete(folder, recursive: true);
}
