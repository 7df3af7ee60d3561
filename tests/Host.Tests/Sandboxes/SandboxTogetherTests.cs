using Fleet.Jobs;
using Fleet.Processes;
using Fleet.Sandboxes;

namespace Fleet.Host.Tests.Sandboxes;

/// <summary>What else is on the host at the same time: a job's other processes, and other agents.</summary>
public abstract class SandboxTogetherTests(SandboxHost host, string runtime) : SandboxTest(host, runtime)
{
    [SkippableFact]
    public void Processes_of_a_job_can_start_at_once()
    {
        _ = Driver.List();
        var files = Enumerable.Range(0, 20).Select(i => $"echo {i}").ToArray();
        for (var i = 0; i < 4; i++)
        {
            var round = i;
            JobFile[] written = [.. files.Select((text, n) => new JobFile($"bin/f{n}", 0x1ED, Put($"{text} {round}")))];
            SandboxRequest[] requests = [.. new[] { "server", "worker", "cron" }.Select(name => Named(name) with { Files = [.. written], Process = new ProcessId(JobId.Parse($"web{round}"), name) })];
            Assert.Equal("", string.Join('\n', Driver.StartAll(requests)));
            Assert.Empty(Directory.GetFiles($"{Settings.Paths.Job(requests[0].Process.Job)}/bin", "*fleet-part*"));
            Array.ForEach(requests, r => Driver.Remove(r.Run));
        }
    }

    [SkippableFact]
    public void Another_agents_runs_in_the_same_cgroup_are_not_its_own()
    {
        var request = Request(Shell("sleep 1000"));
        var identity = Driver.Started(request);
        using var other = new SandboxDriver(Host, Settings with { Paths = Host.Fresh(Settings.Runtime).Paths });
        Assert.Empty(other.List());
        Assert.Equal(request.Run, Assert.Single(Driver.List()));
        Assert.Equal(new SandboxView.Running(identity), Driver.Inspect(request.Run));
    }

    // An operator looks at the bundle; he is not the run's monitor.
    [SkippableFact]
    public void A_command_that_names_the_bundle_survives_the_runs_removal()
    {
        var request = Request(Shell("sleep 1000"));
        _ = Driver.Started(request);
        using var operatorsOwn = System.Diagnostics.Process.Start("setpriv", ["--reuid", $"{Host.Uid}", "--regid", $"{Host.Gid}", "--clear-groups",
            "/usr/bin/python3", "-c", "import time; time.sleep(1000)", Settings.Paths.Bundle(request.Run)]);
        try
        {
            Thread.Sleep(500);
            Driver.Remove(request.Run);
            Assert.Empty(Driver.List());
            Assert.Equal("runs", operatorsOwn.HasExited ? $"ended with {operatorsOwn.ExitCode}" : "runs");
        }
        finally
        {
            operatorsOwn.Kill();
        }
    }

    [SkippableFact]
    public void A_mode_that_the_job_or_a_killed_agent_left_wrong_is_set_right()
    {
        _ = Output(Shell("chmod 0700 /var/vcap/data/web") with { EphemeralDisk = true });
        _ = Output(Shell("true"));
        Assert.Equal((UnixFileMode)0x1F8, File.GetUnixFileMode(Settings.Paths.Data(Id.Job)));
    }

    [SkippableFact]
    public void A_volume_in_a_log_folder_is_refused()
    {
        var failure = Driver.Failed(Request(Shell("true") with { AdditionalVolumes = [new Volume("/var/vcap/sys/log/web/shelf", Writable: true)] }));
        Assert.Equal(StartFailureCode.PrivilegeRefused, failure.Code);
        Assert.Contains("unrestricted_volume:/var/vcap/sys/log/web/shelf", failure.Message);
    }

    [SkippableFact]
    public void A_child_that_the_memory_limit_killed_makes_a_clean_end_no_oom_kill()
    {
        var request = Request(Shell("python3 -c 'x = bytearray(200_000_000)'; exit 0") with { Limits = new Limits { Memory = 64 << 20 } });
        _ = Driver.Started(request);
        Assert.Equal((0, false), (Driver.Exit(request.Run).Code, Driver.Exit(request.Run).OomKilled));
    }

    private static SandboxRequest Named(string name) => Request(Shell("sleep 1000") with { Name = name });

    private Digest Put(string text)
    {
        var digest = Digest.Of(text);
        Directory.CreateDirectory(Settings.Paths.Contents);
        File.WriteAllText(Settings.Paths.Content(digest), text);
        return digest;
    }
}

public sealed class SandboxTogetherOverCrun(SandboxHost host) : SandboxTogetherTests(host, SandboxHost.Crun);

public sealed class SandboxTogetherOverRunc(SandboxHost host) : SandboxTogetherTests(host, SandboxHost.Runc);
