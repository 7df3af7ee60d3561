using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Fleet.Grants;
using Fleet.Processes;
using Fleet.RootTasks;
using Fleet.Sandboxes;
using static Fleet.RootHelper.Tests.JobHost;

namespace Fleet.RootHelper.Tests;

/// <summary>How a job with more than the baseline ends, whoever ends it, and that nothing of it is left then.</summary>
public sealed class JobEndTests(Keys keys) : IClassFixture<Keys>, IDisposable
{
    private readonly JobHost host = new(keys);

    public void Dispose() => host.Dispose();

    [Fact]
    public void It_outlives_the_helper_and_its_end_is_written_down_with_what_it_was_granted()
    {
        var request = host.Request(Job("sleep 0.5; exit 3", "run_as_root"));
        var identity = host.Ask(request).Started!.Identity;

        Assert.Equal(3, host.Exit(request.Id));
        host.AssertNothingLeft(request.Id);
        Assert.Equal(request.Id, identity.Run);
        Assert.Equal(
            [(RootAct.Starting, null, null), (RootAct.Ended, 3, (RootEnd?)RootEnd.Exited)],
            host.Host.Log().Where(e => e.Run == request.Id).Select(e => (e.What, e.ExitCode, e.How)));
        Assert.All(host.Host.Log().Where(e => e.Run == request.Id), e => Assert.Equal("silk:daemon, main", e.Detail));
    }

    [Fact]
    public void Its_signals_reach_it_and_KILL_all_of_it()
    {
        var marker = Leftovers.Marker();
        var request = host.Request(Job($"trap 'echo heard' TERM; setsid sleep {marker} & while :; do sleep 0.05; done", "run_as_root"));
        Assert.NotNull(host.Ask(request).Started);
        Leftovers.AwaitProcess(marker);

        Leftovers.Await(() => Signalled(request.Id), "TERM is not heard");
        host.Signal(request.Id, StopSignal.Kill);

        Assert.Equal(137, host.Exit(request.Id));
        Leftovers.AssertGone(marker);
        host.AssertNothingLeft(request.Id);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Its_end_is_written_down_once_also_by_whom_follows_one_that_was_killed_over_it(bool wasWritten)
    {
        var request = host.Request(Job("sleep 1; exit 3", "run_as_root"));
        Assert.NotNull(host.Ask(request).Started);
        if (wasWritten)
        {
            Leftovers.Await(() => File.Exists($"{host.Exits}/{request.Id}"), "it does not end");
            host.Look(request.Id);
            Assert.Contains(host.Host.Log(), e => e.Run == request.Id && e.What == RootAct.Ended);
        }

        Remember(request.Id, run => run with { IsLogging = true, IsLogged = false });

        Assert.Equal(3, host.Exit(request.Id));
        host.AssertNothingLeft(request.Id);
        Assert.Single(host.Host.Log(), e => e.Run == request.Id && e.What == RootAct.Ended);
    }

    [Fact]
    public void What_has_ended_is_not_written_down_as_lost_by_a_reboot()
    {
        var request = host.Request(Job("exit 3", "run_as_root"));
        Assert.NotNull(host.Ask(request).Started);
        host.Exit(request.Id);
        host.Look(request.Id);
        var kept = File.ReadAllBytes(Record(request.Id));
        host.AssertNothingLeft(request.Id);

        // All of it is gone with the boot but what was kept on the disk.
        Directory.CreateDirectory(Path.GetDirectoryName(Record(request.Id))!);
        File.WriteAllBytes(Record(request.Id), kept);
        Remember(request.Id, run => run with { BootId = Guid.NewGuid() });
        host.Look(request.Id);

        Assert.Equal([RootAct.Starting, RootAct.Ended], host.Host.Log().Where(e => e.Run == request.Id).Select(e => e.What));
        Assert.False(File.Exists(Record(request.Id)));
    }

    [Fact]
    public void The_end_of_one_that_had_its_id_before_is_not_taken_for_its_own()
    {
        var request = host.Request(Job("exit 3", "run_as_root"));
        Assert.NotNull(host.Ask(request).Started);
        host.Exit(request.Id);
        host.AssertNothingLeft(request.Id);
        Assert.NotNull(host.Ask(request).Started);

        Remember(request.Id, run => run with { IsLogging = true, IsLogged = false });
        host.Exit(request.Id);
        host.AssertNothingLeft(request.Id);

        Assert.Equal([RootAct.Starting, RootAct.Ended, RootAct.Starting, RootAct.Ended], host.Host.Log().Where(e => e.Run == request.Id).Select(e => e.What));
    }

    [Fact]
    public void Of_one_that_has_ended_there_is_no_view_though_nobody_has_waited_for_it()
    {
        var request = host.Request(Job("sleep 100", "run_as_root"));
        Assert.NotNull(host.Ask(request).Started);
        var kept = File.ReadAllBytes(Record(request.Id));
        using var parent = Process.Start("/bin/sh", ["-c", "sleep 0 & exec sleep 100"]);
        try
        {
            // What the shell has become waits for nobody.
            var pid = Zombie(parent.Id);
            var ticks = ulong.Parse(File.ReadAllText($"/proc/{pid}/stat").Split(") ")[^1].Split(' ')[19], CultureInfo.InvariantCulture);
            Remember(request.Id, run => run with { Pid = pid, StartTicks = ticks });

            Assert.Null(host.Look(request.Id));
        }
        finally
        {
            File.WriteAllBytes(Record(request.Id), kept);
            parent.Kill();
        }

        Assert.NotNull(host.Look(request.Id));
    }

    private static int Zombie(int parent)
    {
        string Child() => File.ReadAllText($"/proc/{parent}/task/{parent}/children").Trim();
        Leftovers.Await(() => Child() is { Length: > 0 } child && File.ReadAllText($"/proc/{child}/stat").Contains(") Z ", StringComparison.Ordinal), "the shell's child does not end");
        return int.Parse(Child(), CultureInfo.InvariantCulture);
    }

    [Fact]
    public void One_that_nobody_waits_for_when_a_stopped_listener_goes_on_is_not_begun()
    {
        var request = host.Request(Job("sleep 100", "run_as_root"));
        Tool.Run("/bin/kill", "-STOP", $"{host.Host.ListenerPid}");
        host.Host.Begin(request).Dispose();
        Tool.Run("/bin/kill", "-CONT", $"{host.Host.ListenerPid}");

        Leftovers.Await(() => host.Host.Log() is [.., { Denial: RootDenial.Withdrawn }], "it is not refused");
        Assert.Empty(Directory.GetDirectories($"{host.Host.State}/jobs"));
    }

    private string Record(RunId run) => $"{host.Host.State}/jobs/{run}/run.json";

    // As a helper leaves it that is killed between two lines.
    private void Remember(RunId run, Func<RootJobRun, RootJobRun> change)
    {
        var kept = JsonSerializer.Deserialize(File.ReadAllBytes(Record(run)), RootJson.Default.RootJobRun)!;
        File.WriteAllBytes(Record(run), JsonSerializer.SerializeToUtf8Bytes(change(kept), RootJson.Default.RootJobRun));
    }

    private bool Signalled(RunId run)
    {
        host.Signal(run, StopSignal.Term);
        return host.Stdout.Contains("heard", StringComparison.Ordinal);
    }

    [Fact]
    public void When_its_grant_is_over_root_ends_it_though_nobody_asks()
    {
        var marker = Leftovers.Marker();
        var job = Job($"trap '' TERM; sleep {marker} & wait; wait", "run_as_root");
        job = job with { Processes = [job.Processes[0] with { Stop = StopLadder.Parse("TERM/1s/KILL") }] };
        var grant = Grant(job);
        var request = host.Request(job, grant with { NotAfter = DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 4) });
        Assert.NotNull(host.Ask(request).Started);
        Leftovers.AwaitProcess(marker);

        Assert.Equal(137, host.Exit(request.Id));
        Leftovers.AssertGone(marker);
        host.AssertNothingLeft(request.Id);
        Assert.Equal(RootEnd.GrantOver, host.Host.Log().Last(e => e.Run == request.Id).How);
    }

    [Fact]
    public void By_its_grant_s_choice_it_goes_on_when_that_is_over()
    {
        var marker = Leftovers.Marker();
        var job = Job($"sleep {marker}", "run_as_root");
        job = job with { Processes = [job.Processes[0] with { Stop = StopLadder.Parse("KILL") }] };
        var grant = Grant(job);
        grant = grant with
        {
            PrivilegedJob = grant.PrivilegedJob! with { AtEnd = AtEnd.KeepRunning }, NotAfter = DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 3),
        };
        var request = host.Request(job, grant);
        Assert.NotNull(host.Ask(request).Started);

        Leftovers.Await(() => DateTimeOffset.UtcNow > grant.NotAfter.AddSeconds(1), "the clock stands");
        Assert.Equal(RootDenial.Over, host.Ask(host.Request(job, grant)).Refusal!.Code);
        Assert.NotEmpty(Leftovers.Processes(marker));
    }

    [Fact]
    public void A_revocation_ends_it_at_once_also_where_it_may_go_on()
    {
        var marker = Leftovers.Marker();
        var job = Job($"sleep {marker}", "run_as_root");
        var grant = Grant(job);
        grant = grant with { PrivilegedJob = grant.PrivilegedJob! with { AtEnd = AtEnd.KeepRunning } };
        var request = host.Request(job, grant);
        Assert.NotNull(host.Ask(request).Started);
        var revocation = RootRevocation.Write(new RootRevocation(RootRevocation.Version, "shop", grant.Id, "enough"));

        host.Host.Ask(new RootRequest.Revoke([.. revocation], keys.Sign("carol", "fleet-revoke", revocation)));

        Assert.Equal(137, host.Exit(request.Id));
        Leftovers.AssertGone(marker);
        Assert.Equal(RootDenial.Revoked, host.Ask(host.Request(job, grant)).Refusal!.Code);
        host.AssertNothingLeft(request.Id);
        Assert.Equal(RootEnd.Revoked, host.Host.Log().Last(e => e.Run == request.Id).How);
    }

    [Fact]
    public void Without_a_policy_the_agent_ends_what_runs_and_nothing_else_is_heard()
    {
        var request = host.Request(Job("sleep 100", "run_as_root"));
        Assert.NotNull(host.Ask(request).Started);
        File.Move($"{host.Host.Root}/policy.json", $"{host.Host.Root}/policy.away");
        try
        {
            Assert.Equal(RootDenial.PolicyUnusable, host.Ask(new RootRequest.LookAtJob(request.Id)).Refusal!.Code);
            host.Signal(request.Id, StopSignal.Kill);
            Assert.Equal(137, host.Exit(request.Id));
        }
        finally
        {
            File.Move($"{host.Host.Root}/policy.away", $"{host.Host.Root}/policy.json");
        }

        host.AssertNothingLeft(request.Id);
    }

    [Theory]
    [InlineData("mkdir u/x; echo threaded > u/x/cgroup.type")]
    [InlineData("for h in u p; do mkdir $h/$(printf '\\377x'); for p in 1 $$; do echo $p > $h/$(printf '\\377x')/cgroup.procs; done; done")]
    [InlineData("cd u; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do d=$(printf '%0240d' $i); mkdir $d; cd $d; done")]
    public void Whatever_it_has_made_of_its_cgroups_it_ends_and_they_go(string trick)
    {
        var pids = Machine.HasCgroupV1 ? "mkdir p; mount -t cgroup -o pids none p" : "ln -s u p";
        var request = host.Request(Job($"cd /tmp && mkdir u && mount -t cgroup2 none u; {pids}; {trick}; echo made; sleep 100", BpmPrivileged));
        Assert.True(host.Ask(request).Refusal is null);
        Leftovers.Await(() => host.Stdout.Contains("made", StringComparison.Ordinal), $"it did not come to that: {host.Stderr}");

        host.Signal(request.Id, StopSignal.Kill);

        Assert.Equal(137, host.Exit(request.Id));
        host.AssertNothingLeft(request.Id);
        host.Host.AssertUnharmed();
    }

    [Fact]
    public void With_a_full_disk_a_revocation_ends_it_all_the_same()
    {
        var marker = Leftovers.Marker();
        Tool.Run("/bin/mount", "-t", "tmpfs", "-o", "size=256k,mode=700", "none", host.Host.State);
        try
        {
            var job = Job($"sleep {marker}", "run_as_root");
            var grant = Grant(job);
            var request = host.Request(job, grant);
            Assert.True(host.Ask(request).Refusal is null);
            Leftovers.AwaitProcess(marker);
            Tool.Run("/bin/sh", "-c", $"head -c 1m /dev/zero > {host.Host.State}/fill 2>/dev/null || true");

            var revocation = RootRevocation.Write(new RootRevocation(RootRevocation.Version, "shop", grant.Id, "enough"));
            host.Host.Ask(new RootRequest.Revoke([.. revocation], keys.Sign("carol", "fleet-revoke", revocation)));
            Leftovers.AssertGone(marker);

            // And nothing more is begun, for it could not be written down.
            var next = host.Request(Job("echo begun", "run_as_root"));
            Assert.NotNull(host.Ask(next).Refusal);
            Assert.Equal("", host.Stdout);

            File.Delete($"{host.Host.State}/fill");
            host.AssertNothingLeft(request.Id);
            host.AssertNothingLeft(next.Id);
        }
        finally
        {
            File.Delete($"{host.Host.State}/fill");
            host.RemoveRuns();
            Tool.Run("/bin/umount", "-l", host.Host.State);
        }
    }

    [Fact]
    public void A_start_that_failed_in_the_runtime_says_why_and_the_next_is_as_good_as_ever()
    {
        var job = Job("echo fine", "run_as_root");
        var refusal = host.Start(job with { Processes = [job.Processes[0] with { Workdir = "/etc/passwd" }] }).Refusal!;

        Assert.Equal(RootDenial.CannotRun, refusal.Code);
        Assert.Contains("/etc/passwd", refusal.Message, StringComparison.Ordinal);
        Assert.Equal("fine", host.Run(job));
    }

    [Fact]
    public void It_goes_on_without_a_listener_and_is_known_to_the_next()
    {
        var request = host.Request(Job("sleep 100", "run_as_root"));
        Assert.NotNull(host.Ask(request).Started);
        host.Host.KillListener();

        host.Host.Start();

        Assert.NotNull(host.Look(request.Id));
        host.AssertNothingLeft(request.Id);
    }

    [Fact]
    public void A_helper_that_is_killed_anywhere_in_a_start_leaves_nothing_running_that_is_not_known()
    {
        for (var i = 0; i < 25; i++)
        {
            var marker = Leftovers.Marker();
            var request = host.Request(Job($"sleep {marker}", "run_as_root"));
            using (var socket = host.Host.Begin(request))
            {
                Thread.Sleep(Random.Shared.Next(0, 160));
                HelperHost.Kill(host.Host.Helpers());
            }

            host.Host.AwaitNoHelper();

            // The next request finds what is left of it: nothing, or a process that is in the log and is known by its run. One that waits to begin is left as well.
            var known = host.Look(request.Id) is not null;
            Leftovers.Await(() => known || !Directory.Exists($"{Machine.Hierarchy}/fleet-jobs/{request.Id}"), "something of it is left, and the helper does not know it");
            Assert.True(known || Leftovers.Processes(marker).Length == 0, "it runs, and the helper does not know it");
            Assert.True(Leftovers.Processes(marker).Length == 0 || host.Host.Log().Any(e => e.What == RootAct.Starting && e.Run == request.Id), "it runs, and is not in the log");
            host.AssertNothingLeft(request.Id);
            Leftovers.AssertGone(marker);
        }

        host.Host.AssertUnharmed();
    }
}
