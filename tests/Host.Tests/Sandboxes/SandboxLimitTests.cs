using Fleet.Processes;

namespace Fleet.Host.Tests.Sandboxes;

public abstract class SandboxLimitTests(SandboxHost host, string runtime) : SandboxTest(host, runtime)
{
    private const long MiB = 1 << 20;

    [SkippableFact]
    public void Two_hundred_megabytes_under_a_limit_of_64_are_killed_and_told_as_such()
    {
        var spec = new ProcessSpec { Name = "server", Executable = "/usr/bin/python3", Args = ["-c", "bytearray(200 << 20)"], Limits = new Limits { Memory = 64 * MiB } };
        var request = Request(spec);
        _ = Driver.Started(request);
        var exit = Driver.Exit(request.Run);
        Assert.Equal((137, true), (exit.Code, exit.OomKilled));
    }

    [SkippableFact]
    public void A_kill_by_a_person_is_not_told_as_out_of_memory()
    {
        var request = Request(Shell("kill -9 $$") with { Limits = new Limits { Memory = 64 * MiB } });
        _ = Driver.Started(request);
        var exit = Driver.Exit(request.Run);
        Assert.Equal((137, false), (exit.Code, exit.OomKilled));
    }

    [SkippableFact]
    public void The_process_over_the_limit_is_refused()
    {
        var output = Output(
            new ProcessSpec
            {
                Name = "server",
                Executable = "/usr/bin/python3",
                Args = ["-c", "import os,time\nn=0\ntry:\n  while n < 100:\n    if os.fork() == 0: time.sleep(1000)\n    n += 1\nexcept OSError: pass\nprint(n)"],
                Limits = new Limits { Processes = 20 },
            });
        Assert.Equal("18\n", output);
    }

    [SkippableFact]
    public void All_limits_are_in_force()
    {
        var limits = new Limits { Memory = 64 * MiB, Processes = 50, Cpu = 0.5m, OpenFiles = 123, CoreFileSize = 0 };
        var request = Request(Shell("ulimit -n; ulimit -c; sleep 1000") with { Limits = limits });
        _ = Driver.Started(request);
        string Read(string controller, string file) => File.ReadAllText($"{SandboxHost.Leaf(controller, request.Run)}/{file}").Trim();
        Assert.Equal($"{64 * MiB}", Read("memory", SandboxHost.IsUnified ? "memory.max" : "memory.limit_in_bytes"));
        Assert.Equal("50", Read("pids", "pids.max"));
        Assert.Equal("50000 100000", SandboxHost.IsUnified ? Read("cpu", "cpu.max") : $"{Read("cpu", "cpu.cfs_quota_us")} {Read("cpu", "cpu.cfs_period_us")}");
        AssertSays("123\n0\n", Id);
        Assert.InRange(Driver.Usage(request.Run)!.MemoryBytes, 1, 64 * MiB);
    }
}

public sealed class SandboxLimitOverCrun(SandboxHost host) : SandboxLimitTests(host, SandboxHost.Crun);

public sealed class SandboxLimitOverRunc(SandboxHost host) : SandboxLimitTests(host, SandboxHost.Runc);
