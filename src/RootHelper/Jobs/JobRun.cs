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
        _ = Libc.Umask(0x12 /* 0022 */); // A process that is not root finds its way.
        group.Make(start.IsOnHost ? null : devices);
        if (run.Over is { } over)
        {
            WatchTheClock(group, run.Run, over, places);
        }

        var begun = start.IsOnHost ? StartHook(run, runs) : StartSandbox(run, runs, agent);
        group.LetFreeze(agent);
        return new SandboxIdentity(run.Run, run.BootId, begun.Pid!.Value, begun.StartTicks);
    }

    /// <summary>Starts what ends the run by itself when its grant is over.</summary>
    public static void WatchTheClock(JobCgroup group, RunId run, DateTimeOffset over, Places places)
    {
        var seconds = Math.Max(1, Math.Ceiling((over - DateTimeOffset.UtcNow).TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        group.StartWatching(() => Child.Start([.. Shell, seconds, .. Words(run, places)], ["PATH=/usr/bin:/bin"], "/", null, null, null)).Dispose();
    }

    private static string[] Words(RunId run, Places places) =>
        [Environment.ProcessPath!, "--over", run.Text, .. places.Prefix.Length == 0 ? [] : (string[])["--prefix", places.Prefix]];

    private RootJobRun StartSandbox(RootJobRun run, JobRuns runs, int agent)
    {
        using var root = new JobRoot(start, seen, places);
        root.Make(contents, devices);
        var pid = Create(root, agent);
        group.LeaveAlone(pid);
        group.Limit(start.Spec.Limits);

        // Kept before the program runs: from here on it is known by its pid, whoever asks.
        var known = run with { Pid = pid, StartTicks = Proc.StartTicks(pid) ?? throw new IOException("the sandbox ended before its program was started") };
        runs.Keep(known);
        group.StartWatching(() => Go(root));
        Check(pid);
        runs.Keep(known with { Begun = true });
        return known;
    }

    private static bool Go(JobRoot root)
    {
        root.Start();
        return true;
    }

    private int Create(JobRoot root, int agent)
    {
        try
        {
            return group.Start(() => root.Create(logs.Stdout, logs.Stderr));
        }
        finally
        {
            logs.GiveBack(agent);
        }
    }

    // On the host itself, as root and outside any sandbox: so BPM runs it. It is given no folder to look for programs in that others than root can write.
    private RootJobRun StartHook(RootJobRun run, JobRuns runs)
    {
        var program = new JobProgram(start, contents);
        var path = program.OwnFile is { } own ? Put(own, runs) : program.OnHost;
        var env = OciEnv.OnHost(start.Request, start.Facts, out var missing) ?? throw new IOException($"the value of the secret env {missing} did not come");
        var (ours, theirs) = Sockets.Pipe();
        using var answer = ours;
        MonitorAnswer said;
        using (var watch = group.Start(() => Child.Start(Stage.WatchWords(runs.Exit(run.Run), path), env, "/", null, logs.Stdout, logs.Stderr, theirs)))
        {
            theirs.Dispose();
            said = MonitorAnswer.Read(answer);
            group.SetAside(watch.Pid);
        }

        var known = run with { Pid = said.Pid ?? throw new IOException($"the hook {program.Path} could not be started"), StartTicks = said.StartTicks ?? 0, Begun = true };
        runs.Keep(known);
        return known;
    }

    private string Put(JobFile file, JobRuns runs)
    {
        var folder = Directory.CreateDirectory($"{runs.FolderOf(start.Request.Run)}/hook").FullName;
        var path = $"{folder}/{Path.GetFileName(file.Path)}";
        File.WriteAllBytes(path, contents[file.Content]);
        File.SetUnixFileMode(path, (UnixFileMode)0x140 /* 0500 */);
        return path;
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
