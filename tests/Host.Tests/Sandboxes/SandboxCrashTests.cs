using Fleet.Host.Logs;
using Fleet.Sandboxes;
using Fleet.Sandboxes.Driver;

namespace Fleet.Host.Tests.Sandboxes;

/// <summary>The agent is killed; what it knew must be found again by the next one.</summary>
public abstract class SandboxCrashTests(SandboxHost host, string runtime) : SandboxTest(host, runtime)
{
    [SkippableFact]
    public void What_runs_outlives_the_agent_and_is_taken_up()
    {
        var request = Request(Shell("echo begun; sleep 1000"));
        var identity = Driver.Started(request);
        KillDriver();
        Assert.Equal(new SandboxView.Running(identity), Driver.Inspect(request.Run));
        Assert.Equal(identity, Driver.Started(request));
        AssertSays("begun\n", Id);
    }

    [SkippableFact]
    public void What_one_runtime_made_is_taken_up_by_an_agent_that_was_given_the_other()
    {
        var request = Request(Shell("sleep 1000"));
        var identity = Driver.Started(request);
        KillDriver();
        Settings = Settings with { Runtime = Settings.Runtime == SandboxHost.Crun ? SandboxHost.Runc : SandboxHost.Crun };
        Assert.Equal(identity, Driver.Started(request));
        Assert.Equal((7, "1000\n"), Driver.Exec(identity, request, 10_000, "/bin/sh", "-c", "id -u; exit 7") is { } told ? (told.ExitCode, told.OutputTail) : default);
        Driver.Signal(identity, Fleet.Processes.StopSignal.Term);
        Assert.Equal(143, Driver.Exit(request.Run).Code);
    }

    [SkippableFact]
    public void An_exit_while_no_agent_runs_is_found()
    {
        var request = Request(Shell("while [ ! -e /tmp/go ]; do sleep 0.1; done; exit 5"));
        _ = Driver.Started(request);
        KillDriver();
        File.WriteAllText($"{Settings.Paths.Tmp(Id.Job)}/go", "");
        for (var i = 0; i < 500 && !File.Exists(Settings.Paths.Exit(request.Run)); i++)
        {
            Thread.Sleep(10);
        }

        Assert.Equal(5, Assert.IsType<SandboxView.Exited>(Driver.Inspect(request.Run)).Exit.Code);
        Assert.IsType<StartOutcome.Started>(Driver.Start(request));
    }

    // Killed after so many milliseconds of a start, from its first file to its last check.
    [SkippableFact]
    public void Killed_at_any_instant_of_a_start_the_next_agent_starts_it_once()
    {
        _ = Output(Shell("true"));
        for (var delay = 0; delay <= 100; delay += 5)
        {
            File.Delete(Settings.Paths.Stdout(Id));
            var request = Request(Shell("echo begun; sleep 1000"));
            Driver.Send(new Order("start") { Request = request });
            Thread.Sleep(delay);
            KillDriver();
            var identity = Driver.Started(request);
            Assert.Equal(new SandboxView.Running(identity), Driver.Inspect(request.Run));
            AssertSays("begun\n", Id);
            Driver.Remove(request.Run);
            Assert.Empty(Driver.List());
        }
    }

    [SkippableFact]
    public void Killed_at_any_instant_of_a_removal_the_next_agent_ends_it()
    {
        for (var delay = 0; delay <= 20; delay += 2)
        {
            var request = Request(Shell("sleep 1000"));
            _ = Driver.Started(request);
            Driver.Send(new Order("remove") { Run = request.Run });
            Thread.Sleep(delay);
            KillDriver();
            Driver.Remove(request.Run);
            Assert.Empty(Driver.List());
            Assert.IsType<SandboxView.Absent>(Driver.Inspect(request.Run));
        }
    }

    [SkippableFact]
    public void A_run_of_an_earlier_boot_is_absent_and_can_be_started()
    {
        var request = Request(Shell("echo begun; sleep 1000"));
        var identity = Driver.Started(request);
        KillDriver();
        SandboxHost.Sh($"kill -9 {identity.Pid}; while [ ! -e {Settings.Paths.Exit(request.Run)} ]; do sleep 0.05; done; rm {Settings.Paths.Exit(request.Run)}");
        File.WriteAllText($"{Settings.Paths.Bundle(request.Run)}/identity", $"{Guid.NewGuid()} {Environment.ProcessId} 1");
        Assert.IsType<SandboxView.Absent>(Driver.Inspect(request.Run));
        Assert.NotEqual(identity, Driver.Started(request));
    }

    [SkippableFact]
    public void A_run_whose_monitor_was_killed_ends_as_lost()
    {
        var request = Request(Shell("sleep 1000"));
        var identity = Driver.Started(request);
        var monitor = File.ReadAllText($"/proc/{identity.Pid}/stat").Split(") ")[1].Split(' ')[1];
        SandboxHost.Sh($"kill -9 {monitor}");
        Assert.IsType<SandboxView.Running>(Driver.Inspect(request.Run));
        Driver.Signal(identity, Fleet.Processes.StopSignal.Kill);
        for (var i = 0; i < 500 && Driver.Inspect(request.Run) is SandboxView.Running; i++)
        {
            Thread.Sleep(10);
        }

        Assert.IsType<SandboxView.Absent>(Driver.Inspect(request.Run));
    }

    [SkippableFact]
    public void A_run_left_frozen_is_removed()
    {
        var request = Request(Shell("sleep 1000"));
        _ = Driver.Started(request);
        KillDriver();
        new CgroupFreezer(SandboxHost.Leaf("freezer", request.Run)).Freeze();
        Driver.Remove(request.Run);
        Assert.Empty(Driver.List());
    }
}

public sealed class SandboxCrashOverCrun(SandboxHost host) : SandboxCrashTests(host, SandboxHost.Crun);

public sealed class SandboxCrashOverRunc(SandboxHost host) : SandboxCrashTests(host, SandboxHost.Runc);
