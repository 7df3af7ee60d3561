using System.Diagnostics;
using System.Globalization;
using Fleet.Jobs;
using Fleet.RootHelper.Linux;
using Fleet.RootTasks;
using Fleet.Sandboxes;

namespace Fleet.RootHelper.Jobs;

/// <summary>One start, from what was opened to the running process; the first thing that is not as it should be ends it.</summary>
internal sealed class JobRun(JobStart start, JobPlaces seen, JobLogs logs, IReadOnlyList<DeviceNode> devices, IReadOnlyDictionary<Digest, byte[]> contents, Places places)
{
    // Between the runtime's go and the execution of what it started.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private static readonly string[] Shell = ["/bin/sh", "-c", "sleep \"$0\" && exec \"$@\""];

    private readonly JobCgroup group = new(start.Request.Run);

    /// <returns>The first process, which runs.</returns>
    /// <exception cref="IOException">It did not come to that; what was begun of it is for <see cref="JobRuns.Remove"/> to end.</exception>
    public SandboxIdentity Start(RootJobRun run, JobRuns runs, int agent)
    {
        group.Make(devices, agent);
        if (run.Over is { } over)
        {
            WatchTheClock(run.Run, over);
        }

        return start.IsOnHost ? StartHook(run, runs) : StartSandbox(run, runs, agent);
    }

    /// <summary>Starts what ends the run by itself when its grant is over.</summary>
    public static void WatchTheClock(JobCgroup group, RunId run, DateTimeOffset over, Places places)
    {
        var seconds = Math.Max(1, Math.Ceiling((over - DateTimeOffset.UtcNow).TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        group.StartWatching(() => Child.Start([.. Shell, seconds, .. Words(run, places)], ["PATH=/usr/bin:/bin"], "/", null, null, null)).Dispose();
    }

    private void WatchTheClock(RunId run, DateTimeOffset over) => WatchTheClock(group, run, over, places);

    private static string[] Words(RunId run, Places places) =>
        [Environment.ProcessPath!, "--over", run.Text, .. places.Prefix.Length == 0 ? [] : (string[])["--prefix", places.Prefix]];

    private SandboxIdentity StartSandbox(RootJobRun run, JobRuns runs, int agent)
    {
        if (seen.OwnFile(OciSpec.Program(start.Request)[0]) is { } own)
        {
            seen.CheckInterpreter(contents[own.Content]);
        }

        using var root = new JobRoot(start, seen, places);
        root.Make(contents, devices);
        var pid = group.Start(() => root.Create(logs.Stdout, logs.Stderr));
        logs.GiveBack(agent);
        group.Sort(pid);
        group.Limit(start.Spec.Limits);
        var identity = Keep(run, runs, pid);
        root.Start();
        Check(pid);
        return identity;
    }

    // On the host itself, as root, outside any sandbox and with the process's environment alone: so BPM runs it.
    private SandboxIdentity StartHook(RootJobRun run, JobRuns runs)
    {
        var path = OciSpec.Program(start.Request)[0];
        var program = seen.OwnFile(path) is { } own ? Put(own, runs) : seen.OnHost(path);
        var env = OciEnv.Of(start.Request, start.Facts, out var missing) ?? throw new IOException($"the value of the secret env {missing} did not come");
        _ = Libc.Umask(0x12 /* 0022 */);
        var (ours, theirs) = Sockets.Pipe();
        using var answer = ours;
        using (theirs)
        {
            using var watch = group.Start(() => Child.Start(Stage.WatchWords(runs.Exit(run.Run), program), env, "/", null, logs.Stdout, logs.Stderr, theirs));
        }

        var line = MonitorAnswer.Read(answer);
        var pid = MonitorAnswer.Pid(line) ?? throw new IOException($"the hook {path} could not be started");
        group.Sort(pid);
        return Keep(run, runs, pid);
    }

    private string Put(JobFile file, JobRuns runs)
    {
        seen.CheckInterpreter(contents[file.Content]);
        var path = $"{runs.FolderOf(start.Request.Run)}/{Path.GetFileName(file.Path)}";
        File.WriteAllBytes(path, contents[file.Content]);
        File.SetUnixFileMode(path, (UnixFileMode)0x140 /* 0500 */);
        return path;
    }

    // Kept before the program runs: from here on it is known by its pid, whoever asks.
    private static SandboxIdentity Keep(RootJobRun run, JobRuns runs, int pid)
    {
        var ticks = Proc.StartTicks(pid) ?? throw new IOException("the sandbox ended before its program was started");
        runs.Keep(run with { Pid = pid, StartTicks = ticks });
        return new SandboxIdentity(run.Run, Proc.BootId, pid, ticks);
    }

    private void Check(int pid)
    {
        for (var waited = Stopwatch.StartNew(); !Proc.HasExecuted(pid, RootTaskSpec.Init) && waited.Elapsed < Patience;)
        {
            Thread.Sleep(1);
        }

        if (Proc.View(pid) is { } view && view.DifferenceFrom(start.Declared) is { } difference)
        {
            throw new IOException($"the kernel gave something else than was granted: {difference}");
        }
    }
}
