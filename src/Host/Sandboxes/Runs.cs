using System.Collections.Immutable;
using System.Globalization;
using Fleet.Host.Linux;
using Fleet.Hosts;
using Fleet.Processes;
using Fleet.Sandboxes;

namespace Fleet.Host.Sandboxes;

/// <summary>
/// What is left of runs on this host, and its removal.
/// <code>
///   bundle  identity  runtime waits  exit file   means
///   -       -         -              -           absent
///   yes     -         any            any         half made: nothing of the program ever ran
///   yes     yes       yes            any         half made: the last step, its start, did not happen
///   any     any       no             yes         exited
///   yes     yes       no             -           running, if PID 1 is the identity's; else lost (conmon was killed, or the host booted)
/// </code>
/// "Runtime waits": the runtime's exec.fifo is there, at which a created container waits; its start takes it away.
/// </summary>
internal sealed class Runs(SandboxSettings settings, Cgroups cgroups, RootSandboxes roots)
{
    // conmon writes the exit file some 6 ms after PID 1's end; under load, later.
    private static readonly TimeSpan ExitFilePatience = TimeSpan.FromSeconds(5);

    private readonly HostPaths paths = settings.Paths;
    private readonly Monitors monitors = new(settings);

    public async Task<SandboxView> View(RunId run)
    {
        var bundle = new Bundle(paths, run);
        if (IsHalfMade(run, bundle))
        {
            return new SandboxView.Absent();
        }

        if (Exit(run) is { } exit)
        {
            return exit;
        }

        if (bundle.Identity is not { } identity || identity.BootId != Proc.BootId)
        {
            return new SandboxView.Absent();
        }

        return IsAlive(identity) ? new SandboxView.Running(identity, Difference(bundle, identity)) : await AwaitExit(run);
    }

    // Of the agent's own what differs was ended at once; of root's it is said, and its owner decides.
    private static string? Difference(Bundle bundle, SandboxIdentity identity) =>
        bundle.Declared is { } declared && Proc.Read($"/proc/{identity.Pid}/status") is { } status ? KernelView.Read(status, null)?.DifferenceFrom(declared) : null;

    public bool IsHalfMade(RunId run, Bundle bundle) => bundle.Exists && (bundle.Identity is null || File.Exists($"{paths.Runtime}/{run}/exec.fifo"));

    public SandboxView.Exited? Exit(RunId run)
    {
        var file = ExitFile(run);
        return Proc.Read(file) is { Length: > 0 } text && int.TryParse(text, CultureInfo.InvariantCulture, out var code)
            ? new SandboxView.Exited(new SandboxExit(code & 0xFF, IsOomKill(code & 0xFF, run), File.GetLastWriteTimeUtc(file)))
            : null;
    }

    public static bool IsAlive(SandboxIdentity identity) =>
        identity.BootId == Proc.BootId && Proc.StartTicks(identity.Pid) == identity.StartTicks;

    /// <summary>
    /// Ends and removes everything of a run; asked again, the rest of it. The cgroup goes before the bundle, by which alone <see cref="List"/> would find
    /// it again; the exit file goes last: until then the run has an end.
    /// </summary>
    public async Task Remove(RunId run)
    {
        var bundle = new Bundle(paths, run);
        if (bundle.IsRoots)
        {
            await roots.Remove(run);
            bundle.Delete();
            return;
        }

        if (bundle.Identity is { } identity)
        {
            Signal(identity, StopSignal.Kill);
        }

        EndMonitor(bundle);
        if (!await cgroups.Remove(run.Text))
        {
            throw new IOException($"a process of {run} does not end; its cgroup stays");
        }

        if (Directory.Exists($"{paths.Runtime}/{run}"))
        {
            Directory.Delete($"{paths.Runtime}/{run}", recursive: true);
        }

        bundle.Delete();
        foreach (var part in Directory.EnumerateFiles(paths.Exits, $"{run}.*").Where(ExitWatch.IsTemporary))
        {
            File.Delete(part);
        }

        File.Delete(paths.Exit(run));
    }

    /// <summary>As <see cref="Remove"/>, of what never ran: its exit file goes first, for it tells of no program's end.</summary>
    public async Task Undo(RunId run)
    {
        var bundle = new Bundle(paths, run);
        if (!bundle.IsRoots)
        {
            EndMonitor(bundle);
            File.Delete(paths.Exit(run));
        }

        await Remove(run);
    }

    public static void Signal(SandboxIdentity identity, StopSignal signal)
    {
        // The pidfd first, the comparison then: what the pidfd stands for can no longer change.
        using var pidfd = OtherProcess.Open(identity.Pid);
        if (pidfd is not null && IsAlive(identity))
        {
            OtherProcess.Signal(pidfd, (int)signal);
        }
    }

    /// <summary>
    /// Runs of this agent's folders. Not those of its cgroup: another agent may have been given the same one, and who lists a run may end it.
    /// </summary>
    public ImmutableArray<RunId> List() =>
    [
        .. Names(paths.Sandboxes).Concat(Names(paths.Exits)).Concat(Names(paths.Runtime))
            .Where(n => !ExitWatch.IsTemporary(n) && RunId.TryParse(n, out _)).Select(RunId.Parse).Distinct(),
    ];

    // Only of a run whose exit file is not there yet, conmon lives.
    private void EndMonitor(Bundle bundle)
    {
        if (bundle.Exists && !File.Exists(paths.Exit(RunId.Parse(Path.GetFileName(bundle.Folder)))))
        {
            monitors.End(bundle);
        }
    }

    // The counter is the whole sandbox's: a child that was killed hours ago makes no clean end the killer's.
    private bool IsOomKill(int code, RunId run) =>
        code == 128 + (int)StopSignal.Kill && (new Bundle(paths, run).IsRoots ? roots.OomKills(run) : cgroups.OomKills(run.Text)) > 0;

    private string ExitFile(RunId run) => new Bundle(paths, run).IsRoots ? $"{settings.RootExits}/{run}" : paths.Exit(run);

    private async Task<SandboxView> AwaitExit(RunId run)
    {
        var bundle = new Bundle(paths, run);
        var end = Environment.TickCount64 + ExitFilePatience.TotalMilliseconds;
        while (Environment.TickCount64 < end && (bundle.IsRoots || monitors.AnyOf(bundle)))
        {
            await Task.Delay(2);
            if (Exit(run) is { } exit)
            {
                return exit;
            }
        }

        return Exit(run) is { } late ? late : new SandboxView.Absent();
    }

    private static IEnumerable<string> Names(string folder) =>
        Directory.Exists(folder) ? Directory.EnumerateFileSystemEntries(folder).Select(e => Path.GetFileName(e)) : [];
}
