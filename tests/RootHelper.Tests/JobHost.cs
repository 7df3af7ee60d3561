using System.Collections.Immutable;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Fleet.Grants;
using Fleet.Jobs;
using Fleet.Privileges;
using Fleet.Processes;
using Fleet.RootTasks;
using Fleet.Sandboxes;

namespace Fleet.RootHelper.Tests;

/// <summary>A host with a job's folders as an honest agent makes them, and what such an agent asks of the real helper. Everything of it goes at the end.</summary>
public sealed class JobHost : IDisposable
{
    public const int FirstUid = 2_000_000, FirstGid = 3_000_000, Slice = 1;

    private readonly List<RunId> runs = [];

    public static JobId Silk { get; } = JobId.Parse("silk");

    public JobHost(Keys keys)
    {
        Host = new HelperHost(keys);
        Vcap = Directory.CreateDirectory($"{Host.Prefix}/vcap").FullName;
        Host.Set(Policy);
        foreach (var folder in (string[])["packages", "data/packages", "jobs", "store"])
        {
            Directory.CreateDirectory($"{Vcap}/{folder}");
        }

        Make("data/silk", FirstUid + IdSlices.Size + 1000, "0770");
        Make("data/silk/tmp", FirstUid + IdSlices.Size + 1000, "1777");
        Make("store/silk", FirstUid + IdSlices.Size + 1000, "0770");
        Make("sys/log/silk", HelperHost.Agent, "0770");
        foreach (var log in (string[])["stdout", "stderr"])
        {
            File.WriteAllText($"{Vcap}/sys/log/silk/daemon.{log}.log", "");
            Tool.Run("/bin/chown", $"{HelperHost.Agent}", $"{Vcap}/sys/log/silk/daemon.{log}.log");
        }
    }

    public HelperHost Host { get; }

    /// <summary>BPM's root on it.</summary>
    public string Vcap { get; }

    public RootPolicy Policy => HelperHost.Policy with { Jobs = new JobsPolicy(Vcap, FirstUid, FirstGid, 4, null, KeepRunning: true) };

    public string Exits => $"{Host.Prefix}/run/fleet-root/exits";

    public string Stdout => File.ReadAllText($"{Vcap}/sys/log/silk/daemon.stdout.log");

    public string Stderr => File.ReadAllText($"{Vcap}/sys/log/silk/daemon.stderr.log");

    /// <summary>What BPM's <c>privileged: true</c> stands for, as far as this machine's root has it.</summary>
    public static string[] BpmPrivileged { get; } =
    [
        .. PrivilegeSet.Of(Silk, new ProcessSpec { Name = "daemon", Executable = "/bin/true", Unsafe = new Unsafe(true, [], false) }).Members
            .Where(p => p is not Privilege.Capability c || Machine.Has(c.Name)).Select(p => p.ToString()),
    ];

    /// <summary>A job that runs a line of shell with these privileges.</summary>
    public static JobSpec Job(string script, params string[] privileges) => Job(new ProcessSpec
    {
        Name = "daemon", Executable = "/bin/sh", Args = ["-c", script],
        Privileges = [.. privileges.Select(text => PrivilegeText.TryParse(text, out var privilege) ? privilege : throw new ArgumentException(text))],
    });

    public static JobSpec Job(ProcessSpec process, params JobFile[] files) => new(Silk, [process], [.. files]);

    /// <summary>For this content, now and for this host, asked for by alice.</summary>
    public static GrantDocument Grant(JobSpec job) => HelperHost.Grant("/bin/true") with
    {
        RootTask = null,
        PrivilegedJob = new PrivilegedJob(job.Id, JobDigest.Of(job), AtEnd.Stop),
        Privileges = new PrivilegeSet(job.Processes.SelectMany(p => PrivilegeSet.Of(job.Id, p).Members)),
    };

    public RootRequest.StartJob Request(JobSpec job, GrantDocument? grant = null)
    {
        var signed = Host.Signed(grant ?? Grant(job), "bob");
        var run = RunId.Of(new ProcessId(job.Id, job.Processes[0].Name), Guid.CreateVersion7());
        runs.Add(run);
        return new RootRequest.StartJob(
            signed.Grant, signed.By, signed.Approvals, [.. JsonSerializer.SerializeToUtf8Bytes(job, RootJson.Default.JobSpec)], job.Processes[0].Name, SandboxPhase.Main, run, Slice,
            new UserIds(1000, 1000));
    }

    public JobAnswer Start(JobSpec job, params string[] contents) => Ask(Request(job), contents);

    /// <summary>Asks, sends the contents when they are wanted, and reads to the end.</summary>
    public JobAnswer Ask(RootRequest request, params string[] contents)
    {
        using var socket = Host.Begin(request);
        return JobAnswer.Read(socket, contents);
    }

    public void Signal(RunId run, StopSignal signal) => Assert.True(Ask(new RootRequest.SignalJob(run, signal)).IsDone);

    public KernelView? Look(RunId run) => Ask(new RootRequest.LookAtJob(run)).Kernel;

    /// <summary>Waits for the end of a run.</summary>
    /// <returns>Its exit code, as conmon says it.</returns>
    public int Exit(RunId run)
    {
        Leftovers.Await(() => File.Exists($"{Exits}/{run}"), $"{run} does not end: {Stdout} {Stderr}");
        return int.Parse(File.ReadAllText($"{Exits}/{run}"), System.Globalization.CultureInfo.InvariantCulture) & 0xFF;
    }

    /// <summary>Starts a job that is to come to its end by itself with 0.</summary>
    /// <returns>What it wrote, as words.</returns>
    public string Run(JobSpec job, params string[] contents)
    {
        var request = Request(job);
        var answer = Ask(request, contents);
        Assert.True(answer.Refusal is null, answer.Refusal?.Message);
        var code = Exit(request.Id);
        Assert.True(code == 0, $"exit {code}: {Stdout} {Stderr}");
        return string.Join(' ', Stdout.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
    }

    public void AssertNothingLeft(RunId run)
    {
        Assert.True(Ask(new RootRequest.RemoveJob(run)).IsDone);
        Assert.Empty(Directory.GetDirectories("/sys/fs/cgroup", $"{run}*", new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 3, IgnoreInaccessible = true }));
        Assert.False(Directory.Exists($"{Host.State}/jobs/{run}"));
        Assert.False(File.Exists($"{Exits}/{run}"));
        Leftovers.Await(() => Leftovers.Processes(run.Text).Length == 0, $"a process of {run} still runs");
    }

    /// <summary>Whatever became of a test, of what it started nothing stays.</summary>
    public void RemoveRuns() => runs.ForEach(run => Ask(new RootRequest.RemoveJob(run)));

    public void Dispose()
    {
        try
        {
            RemoveRuns();
        }
        finally
        {
            Host.Dispose();
        }
    }

    private void Make(string path, int owner, string mode)
    {
        Directory.CreateDirectory($"{Vcap}/{path}");
        Tool.Run("/bin/chown", $"{owner}", $"{Vcap}/{path}");
        Tool.Run("/bin/chmod", mode, $"{Vcap}/{path}");
    }
}

/// <summary>What the helper said to a request about a job.</summary>
public sealed record JobAnswer(bool Wanted, RootJobStarted? Started, RootRefusal? Refusal, KernelView? Kernel, bool IsDone)
{
    public static JobAnswer Read(Socket socket, params string[] contents)
    {
        socket.ReceiveTimeout = 60_000;
        var answer = new JobAnswer(false, null, null, null, false);
        foreach (var (kind, content) in Frames(socket))
        {
            answer = kind switch
            {
                RootFrame.Wanted => answer with { Wanted = true },
                RootFrame.JobStarted => answer with { Started = JsonSerializer.Deserialize(content, RootJson.Default.RootJobStarted) },
                RootFrame.Refused => answer with { Refusal = JsonSerializer.Deserialize(content, RootJson.Default.RootRefusal) },
                RootFrame.Kernel => answer with { Kernel = content is [] ? null : JsonSerializer.Deserialize(content, RootJson.Default.KernelView) },
                RootFrame.Done => answer with { IsDone = true },
                _ => throw new InvalidOperationException($"{kind} is not an answer"),
            };
            if (kind == RootFrame.Wanted)
            {
                Array.ForEach(contents, c => Send(socket, c));
            }
        }

        return answer;
    }

    public static void Send(Socket socket, string content)
    {
        foreach (var piece in (byte[][])[.. Encoding.UTF8.GetBytes(content).Chunk(60_000), []])
        {
            var frame = new byte[RootFrames.HeadLength + piece.Length];
            RootFrames.WriteHead(frame, RootFrame.Content, piece.Length);
            piece.CopyTo(frame, RootFrames.HeadLength);
            socket.Send(frame);
        }
    }

    private static IEnumerable<(RootFrame Kind, byte[] Content)> Frames(Socket socket)
    {
        var head = new byte[RootFrames.HeadLength];
        while (Fill(socket, head))
        {
            var (kind, length) = RootFrames.ReadHead(head) ?? throw new InvalidOperationException("not a frame");
            var content = new byte[length];
            Assert.True(length == 0 || Fill(socket, content), "a frame lacks its end");
            yield return (kind, content);
        }
    }

    private static bool Fill(Socket socket, byte[] buffer)
    {
        for (var have = 0; have < buffer.Length;)
        {
            var count = socket.Receive(buffer.AsSpan(have));
            if (count == 0)
            {
                return false;
            }

            have += count;
        }

        return true;
    }
}

internal static class Machine
{
    /// <summary>Whether root has a capability here at all (capabilities(7), the bounding set).</summary>
    public static bool Has(string capability) => (Bounding >> CapabilityNames.All.IndexOf(capability) & 1) == 1;

    public static ulong Bounding { get; } = ulong.Parse(
        File.ReadLines("/proc/self/status").First(l => l.StartsWith("CapBnd:", StringComparison.Ordinal))[7..].Trim(), System.Globalization.NumberStyles.HexNumber, System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Whether the controllers are those of cgroup version 1, alone or beside version 2.</summary>
    public static bool HasCgroupV1 => Directory.Exists("/sys/fs/cgroup/memory");

    /// <summary>One that has every cgroup of the helper's.</summary>
    public static string Hierarchy => HasCgroupV1 ? "/sys/fs/cgroup/pids" : "/sys/fs/cgroup";
}
