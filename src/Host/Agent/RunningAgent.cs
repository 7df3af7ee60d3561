using System.Runtime.InteropServices;
using Akka.Actor;
using Akka.Configuration;
using Fleet.Actors;
using Fleet.Actors.Hosts;
using Fleet.Actors.Ledger;
using Fleet.Actors.Processes;
using Fleet.Actors.Sandboxes;
using Fleet.Client.Cli;
using Fleet.Host.Api;
using Fleet.Host.Audit;
using Fleet.Host.Grants;
using Fleet.Host.Linux;
using Fleet.Host.Logs;
using Fleet.Host.Processes;
using Fleet.Host.RootTasks;
using Fleet.Host.Sandboxes;
using Fleet.Processes;
using Fleet.Sandboxes;
using Microsoft.AspNetCore.Builder;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Serilog;
using Serilog.Extensions.Logging;

namespace Fleet.Host.Agent;

/// <summary>
/// One run of an agent. Order of a start: open the ledger, recover, look at every process, listen. Order of an end: refuse callers, record the
/// end, stop the actors. A kill -9 leaves out the second list, and nothing depends on it.
/// </summary>
public sealed class RunningAgent(AgentSettings settings, ILogger log) : IAsyncDisposable
{
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(10);

    private readonly SerilogLoggerFactory loggers = new(log);
    private readonly Stack<IAsyncDisposable> open = new();
    private WebApplication? api;
    private readonly TaskCompletionSource<int> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Serves until SIGTERM, SIGINT or the API's shutdown; answers the exit code.</summary>
    /// <exception cref="IOException">The socket's place is taken, or the folder cannot be written.</exception>
    /// <exception cref="InvalidOperationException">The sandboxes' means are missing; the message names them with the remedy.</exception>
    public async Task<int> Serve()
    {
        using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, EndOrderly);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, EndOrderly);
        var journal = SqliteJournal.Open(settings.Paths.Journal, settings.Paths.Snapshots);
        settings = LedgerGuard.Check(settings);
        var system = Open(journal);
        var sandboxes = OpenSandboxes();
        new FrozenRuns($"{settings.Paths.Bosh}/sys/log", settings.JobLogs, loggers.CreateLogger(nameof(FrozenRuns))).Thaw(await sandboxes.Freezers());
        var recorder = new Recorder(settings.HostName, TimeProvider.System);
        var (jobs, host) = StartRoles(system, journal, recorder, sandboxes);
        var grants = settings.IsControl ? system.StartGrants(recorder, journal, jobs) : jobs;
        if (!await RecoveredBeforeEnd(host))
        {
            return await ended.Task;
        }

        await GiveBackContents(jobs, host);
        await Listen(jobs, grants, host, sandboxes, settings.IsControl && settings.IsHost ? system.StartRootLog(recorder) : null, (process, run) => journal.HasBegun(recorder.Host, process, run));
        RotateLogs(host, sandboxes);
        GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true); // What the start took is not needed again.
        log.Information("ready: {HostName} ({Roles}) serves at {Socket}", settings.HostName, settings.Roles, settings.Socket);
        var code = await ended.Task;
        await api!.StopAsync();
        await RecordEnd(host, code == 0 ? "asked to end" : "the ledger cannot be trusted");
        return code;
    }

    // Asked again and again: the Host actor may be between two incarnations while the journal fails it.
    private async Task<bool> RecoveredBeforeEnd(IActorRef host)
    {
        while (!ended.Task.IsCompleted)
        {
            var ready = host.Ask<Ready>(WhenReady.Instance, AskAgain);
            if (await Task.WhenAny(ready, ended.Task) == ready && ready.IsCompletedSuccessfully)
            {
                return true;
            }

            _ = ready.Exception;
            log.Information("still recovering");
        }

        return false;
    }

    // Before anybody can submit: what a submission has stored, no version names yet. Only where all versions are known.
    private async Task GiveBackContents(IActorRef jobs, IActorRef host)
    {
        if (!settings.IsControl || !settings.IsHost)
        {
            return;
        }

        try
        {
            await new UnnamedContents(new ContentStore(settings.Paths), jobs, host, AskAgain).Remove();
        }
        catch (Exception e) when (e is AskTimeoutException or IOException or UnauthorizedAccessException)
        {
            log.Warning("stored contents that no job names stay until the next start: {Reason}", e.Message);
        }
    }

    private async Task RecordEnd(IActorRef host, string why)
    {
        try
        {
            await host.Ask<Ready>(new StopAgent(why), AskAgain);
        }
        catch (AskTimeoutException)
        {
            log.Warning("the agent's end could not be recorded; the next start says as much");
        }
    }

    public async ValueTask DisposeAsync()
    {
        while (open.TryPop(out var one))
        {
            await one.DisposeAsync();
        }

        loggers.Dispose();
    }

    private ActorSystem Open(SqliteJournal journal)
    {
        var akka = ConfigurationFactory.ParseString($$"""
            akka {
              loglevel = WARNING
              stdout-loglevel = OFF
              loggers = ["{{typeof(AkkaLog).FullName}}, {{typeof(AkkaLog).Assembly.GetName().Name}}"]
              coordinated-shutdown.exit-clr = off
              coordinated-shutdown.run-by-clr-shutdown-hook = off
              # Each tick wakes an agent that has nothing to do. Nothing here is to come sooner than people would notice.
              scheduler.tick-duration = 100ms
            }
            """);
        var system = FleetActors.CreateSystem(journal, akka);
        open.Push(new Opened(async () => await system.Terminate()));
        system.ActorOf(Props.Create(() => new RefusalWatcher(this)));
        return system;
    }

    private LinuxSandboxes OpenSandboxes()
    {
        var sandboxes = new LinuxSandboxes(settings.Sandboxes, loggers.CreateLogger(nameof(LinuxSandboxes)));
        open.Push(new Opened(() =>
        {
            sandboxes.Dispose();
            return Task.CompletedTask;
        }));
        return sandboxes;
    }

    private (IActorRef Jobs, IActorRef Host) StartRoles(ActorSystem system, SqliteJournal journal, Recorder recorder, LinuxSandboxes sandboxes)
    {
        var link = new LoopbackLink();
        var ports = new ProcessPorts(sandboxes, new ExitWakeups(sandboxes), new HealthProbes(sandboxes), new RootFolder(settings.Root.Policy).Host);
        var run = new AgentRun(ProductVersion.Text, Environment.ProcessId, Proc.BootId, Guid.CreateVersion7());
        var jobs = settings.IsControl ? system.StartJobs(recorder, journal, link) : system.StartNoControl();
        var host = settings.IsHost ? system.StartHost(recorder, link, ports, run) : system.StartNoHost();
        return (jobs, host);
    }

    private async Task Listen(IActorRef jobs, IActorRef grants, IActorRef host, LinuxSandboxes sandboxes, IActorRef? rootLog, Func<ProcessId, RunId, Task<bool>> hasBegun)
    {
        var root = new RootFolder(settings.Root.Policy);
        var audit = new SqliteAuditLog(settings.Paths.Journal, TimeProvider.System, TimeSpan.FromMilliseconds(500));
        var facade = new FleetApi(jobs, grants, host, audit, settings.Paths, sandboxes, root, settings.HostName, TimeProvider.System);
        var runs = new RootRuns(grants, settings.Root.Socket, settings.Paths, TimeProvider.System, loggers.CreateLogger(nameof(RootRuns)));
        open.Push(runs);
        var options = new ApiOptions(settings.Socket, settings.SocketGroup);
        var app = ApiServer.Build(
            facade, new GrantApi(grants, root, new SshSignatures(root, settings.Paths.Signatures), runs), options, builder => builder.Services.AddTelemetry(settings, ProductVersion.Text).AddSingleton(loggers), web => web.MapMetrics());
        app.Lifetime.ApplicationStopping.Register(() => ended.TrySetResult(0));
        app.Lifetime.ApplicationStopping.Register(() => _ = runs.DisposeAsync()); // Else the end would wait for theirs.
        await ApiServer.Start(app, options);
        api = app;
        if (rootLog is not null)
        {
            open.Push(new RootLogReader(rootLog, grants, runs, root, settings.Root.Socket, hasBegun, loggers.CreateLogger(nameof(RootLogReader))));
        }

        open.Push(app);
    }

    private void RotateLogs(IActorRef host, LinuxSandboxes sandboxes)
    {
        var logs = new JobLogFiles(host, settings.Paths, sandboxes);
        var rotator = new LogRotator(logs.Current, settings.JobLogs, TimeProvider.System, new Microsoft.Extensions.Logging.Logger<LogRotator>(loggers));
        var stop = new CancellationTokenSource();
        var running = rotator.Run(stop.Token);
        open.Push(new Opened(async () =>
        {
            await stop.CancelAsync();
            await running;
            stop.Dispose();
        }));
    }

    private void EndOrderly(PosixSignalContext context)
    {
        context.Cancel = true;
        log.Information("{Signal}: ending; the jobs go on", context.Signal);
        ended.TrySetResult(0);
    }

    private void Refuse(RecoveryRefused refused)
    {
        try
        {
            var row = JournalScan.FirstUnreadable(settings.Paths.Journal, refused.Stream);
            if (row is null && refused.MayPass)
            {
                // Every row can be read, and the actor is started again.
                log.Warning("{Stream} could not be recovered: {Reason}; trying again", refused.Stream, refused.Reason.GetBaseException().Message);
                return;
            }

            log.Fatal(
                "the ledger cannot be read, and the agent does not guess: {Row}. The jobs go on. Restore {Ledger} from a backup, whole, or mend the row",
                row ?? $"{refused.Stream} after number {refused.Sequence}: {refused.Reason.GetBaseException().Message}", settings.Paths.Ledger);
        }
        catch (SqliteException e)
        {
            log.Fatal("the ledger {Ledger} cannot be read: {Reason}. The jobs go on. Restore it from a backup, whole", settings.Paths.Ledger, e.Message);
        }

        ended.TrySetResult(ExitCodes.Failed);
    }

    private sealed class RefusalWatcher : ReceiveActor
    {
        public RefusalWatcher(RunningAgent agent) => Receive<RecoveryRefused>(agent.Refuse);

        protected override void PreStart() => Context.System.EventStream.Subscribe(Self, typeof(RecoveryRefused));
    }

    private sealed class Opened(Func<Task> close) : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => new(close());
    }
}
