using System.Collections.Immutable;
using Fleet.Actors.Sandboxes;
using Fleet.Host.Linux;
using Fleet.Host.Logs;
using Fleet.Hosts;
using Fleet.Processes;
using Fleet.Sandboxes;
using Microsoft.Extensions.Logging;

namespace Fleet.Host.Sandboxes;

/// <summary>
/// The host's sandboxes: an OCI runtime under conmon, rootless. What runs is conmon's child and outlives this program; all that is known of it is read
/// from files and /proc, so one that was killed and starts again knows as much as before.
/// </summary>
public sealed partial class LinuxSandboxes : ISandboxes, IDisposable
{
    private readonly SandboxSettings settings;
    private readonly ILogger log;
    private readonly Cgroups cgroups;
    private readonly OciRuntime runtime;
    private readonly Runs runs;
    private readonly RootSandboxes roots;
    private readonly Starter starter;
    private readonly Execs execs;
    private readonly SliceReturns slices;
    private readonly ExitWatch watch;
    private readonly SemaphoreSlim gate;
    private readonly KeyedLock<RunId> locks = new();
    private readonly JobTurns turns = new();
    private readonly Lock surveying = new();

    private HostFacts? facts;

    public LinuxSandboxes(SandboxSettings settings, ILogger log)
    {
        (this.settings, this.log) = (settings, log);
        cgroups = Cgroups.OfThisHost(settings.Cgroup);
        runtime = OciRuntime.Of(settings, cgroups);
        roots = new RootSandboxes(settings);
        runs = new Runs(settings, cgroups, roots);
        MakeFolders();
        var launcher = new Launcher(settings, runtime, cgroups);
        launcher.Install();

        starter = new Starter(settings, cgroups, launcher, runs, roots, Facts);
        slices = new SliceReturns(settings.Paths, settings.SubIds, turns);
        execs = new Execs(settings, cgroups);
        watch = new ExitWatch();
        watch.Add(settings.Paths.Exits);
        watch.Add(settings.RootExits);
        gate = new SemaphoreSlim(settings.ParallelStarts);
    }

    /// <remarks>Never throws: whatever goes wrong is an outcome, for an actor that waits for one.</remarks>
    public async Task<StartOutcome> Start(SandboxRequest request, CancellationToken cancel)
    {
        using var held = await locks.Hold(request.Run, CancellationToken.None);
        using var turn = await turns.Start(request.Process.Job); // Before the gate, where others wait, and before the time that a start may take.
        try
        {
            return new StartOutcome.Started(await TakeUp(request, cancel) ?? await StartAnew(request, cancel));
        }
        catch (Exception e)
        {
            var failure = StartFailures.Of(e, settings.StartTimeout, cancel.IsCancellationRequested);
            LogRefused(log, StartFailures.IsUnforeseen(e) ? e : null, request.Process, request.Run, failure.Code, failure.Message);
            await TryUndo(request.Run);
            return new StartOutcome.Failed(failure);
        }
    }

    /// <remarks>As <see cref="Start"/>, it never throws. Nothing is logged: the reason becomes an event, once and not at each try.</remarks>
    public async Task<string?> Signal(SandboxIdentity identity, StopSignal signal)
    {
        try
        {
            if (IsRoots(identity.Run))
            {
                await roots.Signal(identity.Run, signal);
            }
            else
            {
                Runs.Signal(identity, signal);
            }

            return null;
        }
        catch (Exception e)
        {
            return e.Message;
        }
    }

    public async Task<SandboxView> Inspect(RunId run)
    {
        using var held = await locks.Hold(run);
        return await runs.View(run);
    }

    public async Task Remove(RunId run)
    {
        using var held = await locks.Hold(run);
        await runs.Remove(run);
    }

    public Task<ExecResult> Exec(SandboxIdentity identity, ProcessSpec spec, ImmutableArray<string> command, TimeSpan timeout) =>
        execs.Run(identity, command, timeout);

    public Task<ImmutableArray<RunId>> List() => Task.FromResult(runs.List());

    public IDisposable OnExit(Action<RunId> listener) => watch.Listen(listener);

    public int Slices => settings.SubIds.Slices;

    public Task<SliceReturn> ReturnSlice(ImmutableArray<SliceOf> idle) => slices.Return(idle);

    public SandboxUsage? Usage(RunId run) => IsRoots(run) ? roots.Usage(run) : cgroups.Usage(run.Text);

    public async Task<KernelView?> Look(RunId run)
    {
        try
        {
            return IsRoots(run) ? await roots.Look(run) : null;
        }
        catch (IOException e)
        {
            LogUnseen(log, run, e.Message);
            return null;
        }
    }

    /// <summary>With which the kernel can be told to hold a run still for a moment.</summary>
    public CgroupFreezer Freezer(RunId run) => new(IsRoots(run) ? roots.FreezerFolder(run) : cgroups.FreezerFolder(run.Text));

    /// <summary>Those of all runs of which anything is left.</summary>
    public async Task<IEnumerable<CgroupFreezer>> Freezers() => (await List()).Select(Freezer);

    public void Dispose()
    {
        watch.Dispose();
        gate.Dispose();
    }

    private bool IsRoots(RunId run) => new Bundle(settings.Paths, run).IsRoots;

    // By one at a time, for it compiles the filter into a file. Of a survey that failed nothing is kept: what it lacked may be there at the next start.
    private HostFacts Facts()
    {
        lock (surveying)
        {
            return facts ??= HostSurvey.Facts(settings, runtime, log);
        }
    }

    private async Task<SandboxIdentity?> TakeUp(SandboxRequest request, CancellationToken cancel)
    {
        switch (await runs.View(request.Run))
        {
            case SandboxView.Running running:
                using (var limit = Limit(cancel))
                {
                    await starter.AwaitProgram(request, running.Identity, _ => Task.CompletedTask, limit.Token);
                }

                return running.Identity;
            case SandboxView.Exited:
                return new Bundle(settings.Paths, request.Run).Identity ?? new SandboxIdentity(request.Run, Proc.BootId, 0, 0);
            default:
                await runs.Undo(request.Run);
                return null;
        }
    }

    private async Task<SandboxIdentity> StartAnew(SandboxRequest request, CancellationToken cancel)
    {
        await gate.WaitAsync(cancel);
        try
        {
            using var limit = Limit(cancel);
            watch.Add(settings.RootExits); // It may have come to be since.
            return await starter.Start(request, limit.Token);
        }
        finally
        {
            gate.Release();
        }
    }

    private CancellationTokenSource Limit(CancellationToken cancel)
    {
        var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(settings.StartTimeout);
        return limit;
    }

    // A leftover is found again by List.
    private async Task TryUndo(RunId run)
    {
        try
        {
            await runs.Undo(run);
        }
        catch (Exception e)
        {
            LogLeftover(log, e, run);
        }
    }

    // The folders on the way to a sandbox's root must let its ids pass; what is in them is closed.
    private void MakeFolders()
    {
        var passable = (UnixFileMode)0x1C9;
        foreach (var folder in (string[])[settings.Paths.State, settings.Paths.Sandboxes])
        {
            Directory.CreateDirectory(folder, passable);
        }

        Directory.CreateDirectory(settings.Paths.Exits, (UnixFileMode)0x1C0);
        Directory.CreateDirectory(settings.Paths.Runtime, (UnixFileMode)0x1C0);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "start of {Process} ({Run}) failed: {Code}: {Reason}")]
    private static partial void LogRefused(ILogger log, Exception? e, ProcessId process, RunId run, StartFailureCode code, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "what the kernel gives {Run} cannot be said: {Reason}")]
    private static partial void LogUnseen(ILogger log, RunId run, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Run} could not be removed whole")]
    private static partial void LogLeftover(ILogger log, Exception e, RunId run);
}
