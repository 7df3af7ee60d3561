using System.Collections.Immutable;
using System.Diagnostics;
using Akka.Actor;
using Fleet.Actors;
using Fleet.Actors.Hosts;
using Fleet.Actors.Jobs;
using Fleet.Actors.Ledger;
using Fleet.Actors.Processes;
using Fleet.Actors.Sandboxes;
using Fleet.Jobs;
using Fleet.Ledger;
using Fleet.Processes;

namespace Fleet.Bench.Journal;

/// <summary>
/// A job of 500 processes that end at once is restarted until the journal holds 100,000 events; then all actors are stopped and started on it, and the
/// time until every process has been looked at is compared with that of an empty journal, in the same program and turn about.
/// </summary>
internal static class Recovery
{
    private const int Processes = 500;
    private const long Events = 100_000;

    public static async Task<int> Run()
    {
        using var full = new BenchFolder();
        await Fill(full);
        var (empty, loaded) = (new List<double>(), new List<double>());
        for (var turn = 0; turn < 4; turn++)
        {
            using var none = new BenchFolder();
            empty.Add(await Ready(none));
            loaded.Add(await Ready(full));
        }

        // The first turn warms up.
        var later = loaded.Skip(1).Order().ElementAt(1) - empty.Skip(1).Order().ElementAt(1);
        Console.WriteLine($"ready_later_ms {later:F0} events {full.Events()}");
        return 0;
    }

    private static async Task Fill(BenchFolder folder)
    {
        var sandboxes = new EndingSandboxes { Ending = true };
        using var system = folder.Start();
        var (jobs, host) = Start(system, folder, sandboxes);
        await host.Ask<Ready>(WhenReady.Instance, TimeSpan.FromMinutes(1));
        var restart = new RestartPolicy { Initial = TimeSpan.FromMilliseconds(1), Max = TimeSpan.FromMilliseconds(1) };
        var processes = Enumerable.Range(0, Processes).Select(n => new ProcessSpec { Name = $"p{n}", Executable = "/bin/x", Restart = restart });
        var cause = new Cause(Guid.NewGuid(), Guid.NewGuid(), Principal.Agent("bench"), "local", TimeProvider.System.GetUtcNow());
        await jobs.Ask<JobReply>(new JobMessage.Submit(new JobSpec(JobId.Parse("many"), [.. processes], []), null, cause), TimeSpan.FromMinutes(1));
        while (folder.Events() < Events)
        {
            await Task.Delay(200);
        }

        sandboxes.Ending = false;
        await Task.Delay(TimeSpan.FromSeconds(3));
        await system.Terminate();
    }

    private static async Task<double> Ready(BenchFolder folder)
    {
        var began = Stopwatch.GetTimestamp();
        using var system = folder.Start();
        var (_, host) = Start(system, folder, new EndingSandboxes());
        await host.Ask<Ready>(WhenReady.Instance, TimeSpan.FromMinutes(5));
        var taken = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        await system.Terminate();
        return taken;
    }

    private static (IActorRef Jobs, IActorRef Host) Start(ActorSystem system, BenchFolder folder, EndingSandboxes sandboxes)
    {
        var recorder = new Recorder("bench", TimeProvider.System);
        var link = new LoopbackLink();
        var jobs = system.StartJobs(recorder, folder.Journal, link);
        system.StartGrants(recorder, folder.Journal, jobs);
        var ports = new ProcessPorts(sandboxes, new ExitWakeups(sandboxes), new NoProbes(), () => null);
        return (jobs, system.StartHost(recorder, link, ports, new AgentRun("bench", 1, Guid.Empty, Guid.CreateVersion7())));
    }

    private sealed class NoProbes : IHealthProbes
    {
        public Task<ProbeResult> Ask(Fleet.Sandboxes.SandboxIdentity identity, ProcessSpec spec, HealthCheck check) => Task.FromResult(new ProbeResult(true, ""));
    }
}
