using System.Diagnostics;
using System.Globalization;
using Fleet.Processes;
using Fleet.RootTasks;
using Fleet.Sandboxes;

namespace Fleet.RootHelper.Linux;

/// <summary>
/// The cgroup of one run of a job, at the top of every hierarchy, where it outlives the helper and only root can change it:
/// <code>
///   fleet-jobs/RUN                    which devices may be opened; all that ends with the run
///   fleet-jobs/RUN/monitor            conmon, and what ends the run when its grant is over
///   fleet-jobs/RUN/limited            the job's limits
///   fleet-jobs/RUN/limited/job        the process, which sees this as the root and can change no limit above it
/// </code>
/// </summary>
internal sealed class JobCgroup(RunId run)
{
    private const string Root = "/sys/fs/cgroup";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly bool IsV2 = File.Exists($"{Root}/cgroup.controllers");
    private static readonly string[] Needed = ["memory", "pids"], Useful = ["cpu", "cpuacct", "freezer", "systemd"];

    // A host of version 1 usually has a version 2 without controllers beside it: there the kernel takes the filter of devices.
    private static readonly string Unified = IsV2 ? Root : $"{Root}/unified";

    private static string[] Hierarchies => IsV2 ? [Root] : [.. Needed.Concat(Useful.Where(c => Directory.Exists($"{Root}/{c}"))).Select(c => $"{Root}/{c}"), Unified];

    private string[] Groups => [.. Hierarchies.Select(h => $"{h}/{RootJobRun.Cgroup}/{run}")];

    /// <summary>Makes it; of a run that had one, nothing is left in it.</summary>
    /// <param name="devices">Nodes that may be opened beside the ordinary ones; null: all, as on the host itself.</param>
    /// <exception cref="IOException">It cannot be made, or the kernel does not hold it to its devices.</exception>
    public void Make(IEnumerable<DeviceNode>? devices)
    {
        if (!File.Exists($"{Unified}/cgroup.procs"))
        {
            throw new IOException($"no cgroup2 is mounted at {Unified}, and without one no job can be held to its devices: mount -t cgroup2 cgroup2 {Unified}");
        }

        foreach (var group in Groups)
        {
            CgroupFile.MakeFolder(Path.GetDirectoryName(group)!);
            Enable(Path.GetDirectoryName(Path.GetDirectoryName(group))!);
            Enable(Path.GetDirectoryName(group)!);
            CgroupFile.MakeFolder(group);
            Enable(group);
            CgroupFile.MakeFolder($"{group}/monitor");
            CgroupFile.MakeFolder($"{group}/limited");
            Enable($"{group}/limited");
            CgroupFile.MakeFolder($"{group}/limited/job");
        }

        if (devices is not null)
        {
            DeviceFilter.Attach($"{Unified}/{RootJobRun.Cgroup}/{run}", devices);
        }
    }

    /// <summary>Whatever <paramref name="start"/> starts is in it from its first instruction on; then the helper is where it was.</summary>
    public T Start<T>(Func<T> start) => StartIn("limited/job", start);

    /// <summary>The same for what watches the run, and ends with it.</summary>
    public T StartWatching<T>(Func<T> start) => StartIn("monitor", start);

    private T StartIn<T>(string part, Func<T> start)
    {
        var before = Own();
        Array.ForEach(Groups, group => CgroupFile.Write($"{group}/{part}/cgroup.procs", "0"));
        try
        {
            return start();
        }
        finally
        {
            before.ForEach(group => CgroupFile.Write($"{group}/cgroup.procs", "0"));
        }
    }

    /// <summary>Leaves a process that waits to begin alone in what is limited, and what watches it beside.</summary>
    public void LeaveAlone(int process)
    {
        foreach (var group in Groups)
        {
            foreach (var pid in CgroupFile.Processes($"{group}/limited/job").Where(pid => pid != process))
            {
                CgroupFile.Write($"{group}/monitor/cgroup.procs", $"{pid}");
            }
        }
    }

    /// <summary>Takes what watches out of what is limited; nothing happens where it has ended.</summary>
    public void SetAside(int watcher) => Array.ForEach(Groups, group => CgroupFile.TryWrite($"{group}/monitor/cgroup.procs", $"{watcher}"));

    /// <exception cref="IOException">The kernel took another value than the one asked for.</exception>
    public void Limit(Limits limits)
    {
        if (limits.Memory is { } memory)
        {
            Set("memory", IsV2 ? "memory.max" : "memory.limit_in_bytes", $"{memory}", got => long.TryParse(got, CultureInfo.InvariantCulture, out var value) && value <= memory && value > memory - 65536);
            SetWhereThere("memory", IsV2 ? "memory.swap.max" : "memory.memsw.limit_in_bytes", IsV2 ? "0" : $"{memory}");
        }

        if (limits.Processes is { } processes)
        {
            var value = processes < 0 ? "max" : $"{processes}";
            Set("pids", "pids.max", value, got => got == value);
        }

        if (limits.Cpu is { } cpu)
        {
            var quota = ((long)(cpu * 100_000)).ToString(CultureInfo.InvariantCulture);
            Set("cpu", IsV2 ? "cpu.max" : "cpu.cfs_quota_us", IsV2 ? $"{quota} 100000" : quota, got => got.Split(' ')[0] == quota);
        }
    }

    public bool IsGone => !Groups.Any(Directory.Exists);

    /// <summary>Ends every process of it, for good: none can come to be meanwhile.</summary>
    /// <param name="job">The job's own alone; what watches it may still say how it ended.</param>
    public void Kill(bool job = false)
    {
        foreach (var group in Groups.Select(group => job ? $"{group}/limited" : group).Where(Directory.Exists))
        {
            CgroupFile.TryWrite(IsV2 ? $"{group}/cgroup.kill" : $"{group}/pids.max", IsV2 ? "1" : "0");
        }

        for (var waited = Stopwatch.StartNew(); Everything(job) is { Length: > 0 } left && waited.Elapsed < Patience;)
        {
            // What is frozen does not die (version 1), and who may freeze it may do so again and again.
            Array.ForEach(left, pid => Libc.Kill(pid, Libc.Sigkill));
            Array.ForEach(Groups, Thaw);
            Thread.Sleep(1);
        }
    }

    /// <summary>Ends what is in it and takes it away. Idempotent; <see cref="IsGone"/> tells whether all of it is.</summary>
    public void Remove()
    {
        Kill();
        for (var waited = Stopwatch.StartNew(); !IsGone && waited.Elapsed < Patience; Thread.Sleep(1))
        {
            Array.ForEach([.. Groups.SelectMany(Folders).OrderByDescending(f => f.Length)], folder => Libc.RemoveFolder(folder));
            if (waited.Elapsed > Patience / 10)
            {
                RemoveWhateverItsName();
            }
        }
    }

    // A job that can make cgroups may have made some by names that are no text, or deeper than a path can be: find(1) knows bytes, and goes down step by step.
    private void RemoveWhateverItsName()
    {
        using var find = Child.Start(["/usr/bin/find", .. Groups.Where(Directory.Exists), "-depth", "-type", "d", "-delete"], ["PATH=/usr/bin:/bin"], "/", null, null, null);
        _ = find.Wait();
    }

    private int[] Everything(bool job) =>
        [.. Groups.SelectMany(group => Folders(job ? $"{group}/limited" : group)).SelectMany(CgroupFile.Processes).Distinct().Where(pid => pid != Environment.ProcessId)];

    /// <summary>Lets the agent hold the run still for a moment, as the rotation of a log does. Only once nothing of root's own is in it any more.</summary>
    public void LetFreeze(int agent)
    {
        foreach (var file in Groups.Select(group => $"{group}/limited/{(IsV2 ? "cgroup.freeze" : "freezer.state")}").Where(File.Exists))
        {
            LinuxException.Check(Libc.ChangeOwner(file, agent, -1), $"let the agent freeze {run}");
        }
    }

    private static void Thaw(string group)
    {
        foreach (var folder in Folders(group).Prepend(group))
        {
            CgroupFile.TryWrite(IsV2 ? $"{folder}/cgroup.freeze" : $"{folder}/freezer.state", IsV2 ? "0" : "THAWED");
        }
    }

    private string Of(string controller) => $"{(IsV2 ? Root : $"{Root}/{controller}")}/{RootJobRun.Cgroup}/{run}/limited";

    private void Set(string controller, string file, string value, Func<string, bool> accept)
    {
        var path = $"{Of(controller)}/{file}";
        if (!CgroupFile.TryWrite(path, value) || File.ReadAllText(path).Trim() is var got && !accept(got))
        {
            throw new IOException($"the {controller} limit {value} cannot be enforced on this host ({path})");
        }
    }

    private void SetWhereThere(string controller, string file, string value)
    {
        if (File.Exists($"{Of(controller)}/{file}"))
        {
            Set(controller, file, value, _ => true);
        }
    }

    // In version 2 a controller is switched on in the parent, for its children.
    private static void Enable(string group)
    {
        if (IsV2)
        {
            foreach (var controller in File.ReadAllText($"{group}/cgroup.controllers").Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries).Intersect(["memory", "pids", "cpu"]))
            {
                CgroupFile.Write($"{group}/cgroup.subtree_control", $"+{controller}");
            }
        }
    }

    private static List<string> Own()
    {
        var own = new List<string>();
        foreach (var fields in File.ReadLines("/proc/self/cgroup").Select(line => line.Split(':', 3)))
        {
            var hierarchy = fields[0] == "0" ? Unified : Hierarchies.FirstOrDefault(h => fields[1].Replace("name=", "", StringComparison.Ordinal).Split(',').Contains(Path.GetFileName(h)));
            if (hierarchy is not null)
            {
                own.Add(hierarchy + fields[2].TrimEnd('/'));
            }
        }

        return own;
    }

    // It may go while it is looked at.
    private static string[] Folders(string group)
    {
        try
        {
            return [.. Directory.GetDirectories(group, "*", SearchOption.AllDirectories), group];
        }
        catch (IOException)
        {
            return Directory.Exists(group) ? [group] : [];
        }
    }
}
