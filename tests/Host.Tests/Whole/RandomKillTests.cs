using System.Globalization;
using System.Text.Json;
using Fleet.Client.Linux;
using Xunit.Abstractions;

namespace Fleet.Host.Tests.Whole;

/// <summary>
/// The real agent, killed with -9 at random instants: of its own start, of commands, and of the starts and stops that follow from them.
/// FLEET_KILL_SEED repeats a run's decisions (not the machine's timing), FLEET_KILL_ROUNDS makes it longer.
/// </summary>
[Collection("host init")]
public sealed class RandomKillTests : IDisposable
{
    private static readonly int Rounds = Number("FLEET_KILL_ROUNDS", 16);
    private static readonly int Seed = Number("FLEET_KILL_SEED", Random.Shared.Next(1_000_000));

    private static readonly WitnessJob Steady = new("steady", "a", "b");
    private static readonly WitnessJob Crasher = new("crasher", "c") { Then = "sleep 0.2; exit 7" };
    private static readonly WitnessJob Moving = new("moving", "m") { Then = "trap \"sleep 0.3; exit 0\" TERM; while :; do sleep 0.1; done" };

    // Those that change a job, by command and by the event that the record must have once it was acknowledged.
    private static readonly (string Verb, string Event)[] Changes =
        [("run", "job.submitted.v1"), ("run", "job.submitted.v1"), ("restart", "job.restarted.v1"), ("stop", "job.stopped.v1"), ("start", "job.started.v1")];

    private readonly Random chance = new(Seed);
    private readonly List<(long Generation, string Event)> acknowledged = [];
    private readonly string file = Path.GetTempFileName();

    public RandomKillTests(ITestOutputHelper output) => output.WriteLine($"FLEET_KILL_SEED={Seed} FLEET_KILL_ROUNDS={Rounds}");

    public void Dispose() => File.Delete(file);

    [SkippableFact]
    public async Task Killed_again_and_again_it_starts_nothing_twice_loses_nothing_and_leaves_nothing()
    {
        await using var host = await WholeHost.Start();
        using var foreigners = await Foreigners.Begin(host);
        Assert.True((await host.Run(Steady.Yaml)).Succeeded);
        Assert.True((await host.Run(Crasher.Yaml, "--detach")).Succeeded);
        var before = await SteadyPids(host);
        for (var round = 1; round <= Rounds; round++)
        {
            await KillAround(host, round);
            await host.StartAgent();
            await WholeHost.Until($"all is as wanted after round {round}", () => IsAsWanted(host));
            Assert.Equal(before, await SteadyPids(host));
            Assert.True(foreigners.Live);
            CheckRecord(host);
        }

        await host.Down();
        Assert.True(foreigners.Live);
        CheckRuns(host);
        await WholeHost.Until("nothing is left", () => Task.FromResult(!host.Leftovers().Any()));
    }

    private async Task KillAround(WholeHost host, int round)
    {
        var (verb, @event) = Changes[round == 1 ? 0 : chance.Next(Changes.Length)];
        await File.WriteAllTextAsync(file, (Moving with { Sign = $"round {round}." }).Yaml);
        var asked = host.Fleet(["job", verb, .. verb == "run" ? (string[])[file, "--detach"] : [Moving.Name], "--json"]);
        if (chance.Next(2) == 0)
        {
            await asked; // Cut is then what follows from the command, and not the command.
        }

        await Pause(700);
        await host.KillAgent();
        Remember(await asked, @event);
        while (chance.Next(3) == 0)
        {
            host.BeginAgent();
            await Pause(1500);
            await host.KillAgent();
        }
    }

    private void Remember(CommandResult answer, string @event)
    {
        if (answer.Succeeded && JsonDocument.Parse(answer.Output).RootElement is var changed && changed.GetProperty("changed").GetBoolean())
        {
            acknowledged.Add((changed.GetProperty("job").GetProperty("generation").GetInt64(), @event));
        }
    }

    // What is wanted, the record says: also what was asked for and never answered may stand there.
    private static async Task<bool> IsAsWanted(WholeHost host)
    {
        var states = (await host.Json("job", "list")).GetProperty("jobs").EnumerateArray().ToDictionary(j => j.GetProperty("name").GetString()!, j => j.GetProperty("state").GetString());
        if (states[Steady.Name] != "running" || StoredRows.Of(host).Stream($"job/default/{Moving.Name}") is not [.., var last] moving)
        {
            return states[Steady.Name] == "running";
        }

        var version = moving.Last(r => r.Name == "job.submitted.v1").Text;
        return last.Name == "job.stopped.v1"
            ? states[Moving.Name] == "stopped"
            : states[Moving.Name] == "running" && Moving.Starts(host, "m") is [.., var sign] && version.Contains(sign, StringComparison.Ordinal);
    }

    private void CheckRecord(WholeHost host)
    {
        var rows = StoredRows.Of(host);
        rows.AssertDense();
        var moving = rows.Stream($"job/default/{Moving.Name}").Select(r => (r.Sequence, r.Name));
        Assert.Empty(acknowledged.Except(moving));
        Assert.All([Steady, Crasher, Moving], job => Assert.False(job.EverTwice(host), $"{job.Name} ran twice at once"));
        Assert.All(Steady.Processes, process => Assert.Single(Steady.Starts(host, process)));
    }

    // Each run that was meant has one end, and each that signed has its own exit in the record.
    private static void CheckRuns(WholeHost host)
    {
        var rows = StoredRows.Of(host);
        foreach (var (job, process) in new[] { Steady, Crasher, Moving }.SelectMany(j => j.Processes.Select(p => (j, p))))
        {
            var names = rows.Process($"{job.Name}:{process}").CountBy(r => r.Name).ToDictionary();
            int Of(string name) => names.GetValueOrDefault($"process.{name}.v1");
            Assert.Equal(Of("starting"), Of("exited") + Of("start_failed"));
            Assert.Equal(0, Of("lost"));
            Assert.All(rows.Process($"{job.Name}:{process}").Where(r => r.Name == "process.start_failed.v1"), r => Assert.Contains("superseded", r.Text, StringComparison.Ordinal));
            Assert.InRange(job.Starts(host, process).Length, 1, Of("exited"));
        }

        var crashes = rows.Process("crasher:c").Count(r => r.Name == "process.exited.v1" && r.Text.Contains("\"code\":7,", StringComparison.Ordinal));
        Assert.InRange(crashes, Rounds, Crasher.Starts(host, "c").Length);
    }

    private static async Task<Dictionary<string, int>> SteadyPids(WholeHost host) =>
        (await host.Pids()).Where(p => p.Key.StartsWith($"{Steady.Name}:", StringComparison.Ordinal)).ToDictionary();

    private Task Pause(int most) => Task.Delay(chance.Next(most));

    private static int Number(string variable, int otherwise) =>
        Environment.GetEnvironmentVariable(variable) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
