using Fleet.Processes;
using Fleet.Sandboxes;

namespace Fleet.Host.Tests.Sandboxes;

public abstract class SandboxLifeTests(SandboxHost host, string runtime) : SandboxTest(host, runtime)
{
    [SkippableFact]
    public void A_program_that_ends_at_once_was_started_and_has_its_exit_code()
    {
        var request = Request(Shell("exit 3"));
        _ = Driver.Started(request);
        var exit = Driver.Exit(request.Run);
        Assert.Equal((3, null, false), (exit.Code, exit.Signal, exit.OomKilled));
    }

    [SkippableFact]
    public void An_exit_wakes_the_listener()
    {
        var request = Request(Shell("exit 0"));
        _ = Driver.Started(request);
        _ = Driver.Exit(request.Run);
        for (var i = 0; i < 500 && !Driver.Exits.Contains(request.Run); i++)
        {
            Thread.Sleep(10);
            _ = Driver.List();
        }

        Assert.Contains(request.Run, Driver.Exits);
    }

    [SkippableTheory]
    [InlineData(StopSignal.Term, 143)]
    [InlineData(StopSignal.Kill, 137)]
    public void A_signal_reaches_the_program(StopSignal signal, int code)
    {
        var request = Request(new ProcessSpec { Name = "server", Executable = "/bin/sleep", Args = ["1000"] });
        var identity = Driver.Started(request);
        Driver.Signal(identity, signal);
        Assert.Equal(code, Driver.Exit(request.Run).Code);
    }

    [SkippableFact]
    public void A_signal_for_another_identity_reaches_nobody()
    {
        var request = Request(Shell("sleep 1000"));
        var identity = Driver.Started(request);
        Driver.Signal(identity with { StartTicks = identity.StartTicks + 1 }, StopSignal.Kill);
        Driver.Signal(identity with { BootId = Guid.Empty }, StopSignal.Kill);
        Assert.Equal(new SandboxView.Running(identity), Driver.Inspect(request.Run));
    }

    [SkippableFact]
    public void Started_twice_it_runs_once()
    {
        var request = Request(Shell("echo once; sleep 1000"));
        var first = Driver.Started(request);
        Assert.Equal(first, Driver.Started(request));
        AssertSays("once\n", Id);
    }

    [SkippableFact]
    public void Removed_while_it_runs_nothing_of_it_is_left()
    {
        var request = Request(Shell("sleep 1000 & sleep 1000"));
        var identity = Driver.Started(request);
        Driver.Remove(request.Run);
        Driver.Remove(request.Run);
        Assert.IsType<SandboxView.Absent>(Driver.Inspect(request.Run));
        Assert.Empty(Driver.List());
        Assert.False(Directory.Exists(Settings.Paths.Bundle(request.Run)));
        Assert.False(Directory.Exists(SandboxHost.Leaf("memory", request.Run)));
        Assert.False(File.Exists($"/proc/{identity.Pid}/root/bin"));
    }

    [SkippableFact]
    public void The_pid_file_is_where_BPM_has_it()
    {
        var identity = Driver.Started(Request(Shell("sleep 1000")));
        Assert.Equal($"{identity.Pid}", File.ReadAllText(Settings.Paths.PidFile(Id)));
    }

    [SkippableFact]
    public void Two_processes_of_one_job_run_side_by_side()
    {
        var first = Request(Shell("echo first; sleep 1000"));
        var second = Request(Shell("echo second; sleep 1000")) with { Process = new ProcessId(Id.Job, "worker") };
        Assert.NotEqual(Driver.Started(first).Pid, Driver.Started(second).Pid);
        AssertSays("first\n", first.Process);
        AssertSays("second\n", second.Process);
    }

    [SkippableFact]
    public void A_gigabyte_without_a_newline_is_in_the_log_to_the_last_byte()
    {
        var request = Request(Shell("head -c 1073741824 /dev/zero"));
        _ = Driver.Started(request);
        Assert.Equal(0, Driver.Exit(request.Run).Code);
        Assert.Equal(1L << 30, new FileInfo(Settings.Paths.Stdout(Id)).Length);
        File.Delete(Settings.Paths.Stdout(Id));
    }

    [SkippableFact]
    public void A_command_in_the_sandbox_has_its_user_filter_and_limits()
    {
        var request = Request(Shell("sleep 1000"));
        var identity = Driver.Started(request);
        var result = Driver.Exec(identity, request, 10_000, "/bin/sh", "-c", "id -u; grep Seccomp: /proc/self/status; grep -c CapEff:.0000000000000000 /proc/self/status; exit 7");
        Assert.Equal((7, "1000\nSeccomp:\t2\n1\n"), (result.ExitCode, result.OutputTail));
    }

    // crun takes three processes of them to execute a command; were runc's sixteen threads among them, a health check could be what the limits end a job for.
    [SkippableFact]
    public void A_command_is_held_to_the_limits_and_its_runtime_finds_room_in_them()
    {
        var request = Request(Shell("sleep 1000") with { Limits = new Limits { Processes = 6, Memory = 8 << 20 } });
        var identity = Driver.Started(request);
        var leaf = Driver.Exec(identity, request, 10_000, "/bin/grep", "-Eo", SandboxHost.IsUnified ? ":/.*" : "(pids|memory):.*", "/proc/self/cgroup").OutputTail;
        var own = $":/{SandboxHost.User}/{request.Run}/exec-\\S+\n";
        Assert.Matches(SandboxHost.IsUnified ? $"^{own}$" : $"^pids{own}memory{own}$", leaf);
        Assert.Contains("Cannot fork", Driver.Exec(identity, request, 10_000, "/bin/sh", "-c", "for i in 1 2 3 4 5 6; do sleep 1000 >/dev/null 2>&1 & done").OutputTail);
        Assert.IsType<SandboxView.Running>(Driver.Inspect(request.Run));
    }

    [SkippableFact]
    public void A_command_out_of_time_is_ended_with_what_it_started_and_the_sandbox_is_not()
    {
        var request = Request(Shell("sleep 1000"));
        var identity = Driver.Started(request);
        Assert.Null(Driver.Exec(identity, request, 300, "/bin/sh", "-c", "sleep 2000 & sleep 2000").ExitCode);
        Assert.IsType<SandboxView.Running>(Driver.Inspect(request.Run));

        // What was killed is counted until somebody has taken note of its end.
        Until(() => Driver.Usage(request.Run)!.Processes == 3);
        Driver.Signal(identity, StopSignal.Term);
        Assert.Equal(143, Driver.Exit(request.Run).Code);
    }
}

public sealed class SandboxLifeOverCrun(SandboxHost host) : SandboxLifeTests(host, SandboxHost.Crun);

public sealed class SandboxLifeOverRunc(SandboxHost host) : SandboxLifeTests(host, SandboxHost.Runc);
