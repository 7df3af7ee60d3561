using Fleet.Processes;
using Fleet.Sandboxes;
using static Fleet.Processes.ProcessEvent;

namespace Fleet.Tests.Processes;

public class SupervisionTests
{
    private readonly SupervisionScenario web = new();

    [Fact]
    public void A_wanted_process_is_intended_before_it_is_started()
    {
        var starting = Assert.IsType<Starting>(Assert.Single(web.When(new ProcessCommand.Reconcile())));
        Assert.Equal((SandboxPhase.Main, 1), (starting.Phase, starting.Attempt));
        Assert.IsType<ProcessDuty.StartSandbox>(ProcessDuty.Of(web.State));
    }

    [Fact]
    public void Asked_twice_it_starts_once() => Assert.Empty(web.Reconciled().When(new ProcessCommand.Reconcile()));

    [Fact]
    public void With_a_pre_start_hook_the_hook_runs_first_and_its_success_leads_to_the_program()
    {
        web.Want(s => s with { Hooks = new Hooks("/var/vcap/jobs/shop/bin/pre") }).Running();
        Assert.Equal(SandboxPhase.PreStart, ((ProcessState.Running)web.State).Run.Phase);

        var events = web.When(web.Exited(0));
        Assert.Collection(events, e => Assert.IsType<Exited>(e), e => Assert.Equal(SandboxPhase.Main, Assert.IsType<Starting>(e).Phase));
    }

    [Fact]
    public void A_failing_pre_start_hook_is_tried_again_and_the_program_never_runs()
    {
        web.Want(s => s with { Hooks = new Hooks("/pre") }).Running();
        Assert.Collection(web.When(web.Exited(1)), e => Assert.IsType<Exited>(e), e => Assert.IsType<RestartScheduled>(e));
        web.After(TimeSpan.FromMinutes(5));
        Assert.Equal(SandboxPhase.PreStart, Assert.IsType<Starting>(Assert.Single(web.When(new ProcessCommand.RestartDue()))).Phase);
    }

    [Fact]
    public void A_hook_that_exits_0_because_it_was_stopped_does_not_lead_to_the_program()
    {
        web.Want(s => s with { Hooks = new Hooks("/pre") }).Running();
        web.Want(run: false).Reconciled();
        Assert.Collection(web.When(web.Exited(0)), e => Assert.IsType<Exited>(e), e => Assert.IsType<Stopped>(e));
    }

    [Theory]
    [InlineData(RestartWhen.Always, 0, true)]
    [InlineData(RestartWhen.Always, 1, true)]
    [InlineData(RestartWhen.OnFailure, 0, false)]
    [InlineData(RestartWhen.OnFailure, 1, true)]
    [InlineData(RestartWhen.Never, 0, false)]
    [InlineData(RestartWhen.Never, 1, false)]
    public void The_restart_policy_decides_what_follows_an_end(RestartWhen when, int code, bool again)
    {
        web.Want(s => s with { Restart = new RestartPolicy { When = when } }).Running();
        var last = web.When(web.Exited(code))[^1];
        Assert.Equal(again, last is RestartScheduled);
        Assert.Equal(!again, last is Ended { Failed: var failed } && failed == (code != 0));
    }

    [Fact]
    public void An_end_is_recorded_before_what_follows_and_out_of_memory_is_told_apart()
    {
        web.Running();
        var events = web.When(web.Exited(137, oom: true));
        Assert.True(Assert.IsType<Exited>(events[0]).Exit.OomKilled);
        Assert.Contains("out of memory", web.State.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Five_ends_in_a_row_are_a_crash_loop_and_it_goes_on_being_restarted()
    {
        web.Reconciled();
        var flags = Enumerable.Range(1, 6).Select(_ => NextCrash()).ToList();
        Assert.Equal([false, false, false, false, true, true], flags.Select(r => r.CrashLooping));
        Assert.Equal([1, 2, 3, 4, 5, 6], flags.Select(r => r.Attempt));
    }

    [Fact]
    public void Ten_thousand_restarts_neither_overflow_the_delay_nor_end_the_loop()
    {
        web.Reconciled();
        RestartScheduled last = null!;
        for (var i = 0; i < 10_000; i++)
        {
            last = NextCrash();
        }

        Assert.Equal(10_000, last.Attempt);
        Assert.IsType<ProcessState.Starting>(web.State);
    }

    [Fact]
    public void A_process_that_ran_long_enough_counts_from_one_again()
    {
        web.Reconciled();
        NextCrash();
        NextCrash();
        web.Given(web.Started()).After(TimeSpan.FromSeconds(30));
        Assert.Equal(1, web.When(web.Exited(1)).OfType<RestartScheduled>().Single().Attempt);
    }

    [Fact]
    public void After_the_most_attempts_it_is_given_up()
    {
        web.Want(s => s with { Restart = new RestartPolicy { MaxAttempts = 2 } }).Reconciled();
        NextCrash();
        NextCrash();
        web.Given(web.Started());
        Assert.True(Assert.IsType<Ended>(web.When(web.Exited(1))[^1]).Failed);
        Assert.Empty(web.When(new ProcessCommand.Reconcile()));
    }

    [Fact]
    public void A_given_up_process_starts_when_a_restart_is_asked_for()
    {
        web.Want(s => s with { Restart = new RestartPolicy { When = RestartWhen.Never } }).Running().Given(web.Exited(1));
        web.Want(restarts: 1);
        Assert.Equal(1, Assert.IsType<Starting>(Assert.Single(web.When(new ProcessCommand.Reconcile()))).Attempt);
    }

    [Theory]
    [InlineData(StartFailureCode.ExecutableMissing)]
    [InlineData(StartFailureCode.ExecutableNotExecutable)]
    [InlineData(StartFailureCode.FilesRefused)]
    [InlineData(StartFailureCode.LimitUnenforceable)]
    [InlineData(StartFailureCode.VerificationFailed)]
    [InlineData(StartFailureCode.PrivilegeRefused)]
    [InlineData(StartFailureCode.NoSubIds)]
    public void A_start_that_cannot_work_is_failed_with_its_reason_and_not_tried_again(StartFailureCode code)
    {
        web.Reconciled();
        var events = web.When(web.Failed(code));
        Assert.Collection(events, e => Assert.IsType<StartFailed>(e), e => Assert.True(Assert.IsType<Ended>(e).Failed));
        Assert.Contains(code.ToString(), web.State.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(StartFailureCode.RuntimeMissing)]
    [InlineData(StartFailureCode.RuntimeFailed)]
    [InlineData(StartFailureCode.DiskFull)]
    [InlineData(StartFailureCode.HostNotPrepared)]
    public void A_start_that_the_host_may_yet_manage_is_tried_again(StartFailureCode code)
    {
        web.Reconciled();
        Assert.IsType<RestartScheduled>(web.When(web.Failed(code))[^1]);
    }

    [Fact]
    public void Stopping_climbs_the_ladder_rung_by_rung_and_stays_on_the_last()
    {
        web.Want(s => s with { Stop = StopLadder.Parse("TERM/20s/QUIT/5s/KILL") }).Running();
        web.Want(run: false);
        Assert.Equal(StopReason.Asked, Assert.IsType<Stopping>(Assert.Single(web.When(new ProcessCommand.Reconcile()))).Why);
        Assert.Equal(StopSignal.Term, ((ProcessDuty.Signal)ProcessDuty.Of(web.State)).With);
        Assert.Equal(web.Now + TimeSpan.FromSeconds(20), ((ProcessDuty.Signal)ProcessDuty.Of(web.State)).NextAt);

        Assert.Equal(1, Assert.IsType<StopEscalated>(Assert.Single(web.When(new ProcessCommand.RungOver(web.Run, 0)))).Rung);
        Assert.Empty(web.When(new ProcessCommand.RungOver(web.Run, 0)));
        web.Given(new ProcessCommand.RungOver(web.Run, 1));
        Assert.Equal(StopSignal.Kill, ((ProcessDuty.Signal)ProcessDuty.Of(web.State)).With);
        Assert.Null(((ProcessDuty.Signal)ProcessDuty.Of(web.State)).NextAt);
        Assert.Empty(web.When(new ProcessCommand.RungOver(web.Run, 2)));
        Assert.IsType<Stopped>(web.When(web.Exited(137))[^1]);
    }

    [Fact]
    public void Stopped_and_wanted_again_before_it_ended_it_is_started_anew()
    {
        web.Running().Want(run: false).Reconciled();
        web.Want(run: true);
        Assert.Empty(web.When(new ProcessCommand.Reconcile()));
        Assert.IsType<Starting>(web.When(web.Exited(0))[^1]);
    }

    [Fact]
    public void A_new_version_replaces_the_running_one()
    {
        web.Running().Want(s => s with { Args = ["--new"] }, version: 2);
        Assert.Equal(StopReason.Replaced, Assert.IsType<Stopping>(Assert.Single(web.When(new ProcessCommand.Reconcile()))).Why);
        Assert.Equal(2, Assert.IsType<Starting>(web.When(web.Exited(0))[^1]).Version);
    }

    [Fact]
    public void A_new_version_of_the_job_with_this_process_unchanged_leaves_it_running()
    {
        web.Running().Want(version: 2);
        Assert.Empty(web.When(new ProcessCommand.Reconcile()));
        Assert.Equal(2, ProcessView.Of(web.State, web.Wanted).Version);
    }

    [Fact]
    public void A_new_version_ends_the_wait_of_a_crash_loop()
    {
        web.Running().Given(web.Exited(1)).Want(s => s with { Args = ["--mended"] }, version: 2);
        Assert.Equal(1, Assert.IsType<Starting>(Assert.Single(web.When(new ProcessCommand.Reconcile()))).Attempt);
    }

    [Fact]
    public void A_waiting_process_that_is_no_longer_wanted_is_stopped_at_once()
    {
        web.Running().Given(web.Exited(1)).Want(run: false);
        Assert.IsType<Stopped>(Assert.Single(web.When(new ProcessCommand.Reconcile())));
        Assert.Empty(web.When(new ProcessCommand.RestartDue()));
    }

    [Fact]
    public void A_restart_is_not_begun_before_its_time()
    {
        web.Running().Given(web.Exited(1));
        Assert.Empty(web.When(new ProcessCommand.RestartDue()));
        web.After(TimeSpan.FromSeconds(1));
        Assert.Equal(2, Assert.IsType<Starting>(Assert.Single(web.When(new ProcessCommand.RestartDue()))).Attempt);
    }

    [Fact]
    public void An_unhealthy_process_is_stopped_and_counts_as_failed()
    {
        web.Want(s => s with { Health = new HealthCheck { Probe = new HealthProbe.Tcp(80) } }).Running();
        var events = web.When(new ProcessCommand.HealthSeen(web.Run, Health.Unhealthy, "refused"));
        Assert.Collection(events, e => Assert.IsType<HealthChanged>(e), e => Assert.Equal(StopReason.Unhealthy, Assert.IsType<Stopping>(e).Why));
        Assert.IsType<RestartScheduled>(web.When(web.Exited(0))[^1]);
    }

    [Fact]
    public void An_unhealthy_process_whose_check_only_watches_goes_on()
    {
        web.Want(s => s with { Health = new HealthCheck { Probe = new HealthProbe.Tcp(80), Restart = false } }).Running();
        Assert.IsType<HealthChanged>(Assert.Single(web.When(new ProcessCommand.HealthSeen(web.Run, Health.Unhealthy, "refused"))));
    }

    [Fact]
    public void After_a_reboot_the_loss_is_recorded_and_the_process_restarted()
    {
        web.Running();
        Assert.Collection(web.When(web.Absent()), e => Assert.IsType<Lost>(e), e => Assert.Equal(1, Assert.IsType<RestartScheduled>(e).Attempt));
    }

    [Fact]
    public void A_process_that_is_never_to_be_restarted_is_not_after_a_reboot_either()
    {
        web.Want(s => s with { Restart = new RestartPolicy { When = RestartWhen.Never } }).Running();
        Assert.True(Assert.IsType<Ended>(web.When(web.Absent())[^1]).Failed);
    }

    [Fact]
    public void A_start_that_another_version_overtook_is_not_a_failure_of_the_new_one()
    {
        web.Reconciled().Want(s => s with { Args = ["--new"] }, version: 2);
        Assert.Equal((2, 1), web.When(web.Failed(StartFailureCode.Superseded))[^1] is Starting s ? (s.Version, s.Attempt) : default);
    }

    [Fact]
    public void A_process_lost_while_stopping_is_stopped()
    {
        web.Running().Want(run: false).Reconciled();
        Assert.Collection(web.When(web.Absent()), e => Assert.IsType<Lost>(e), e => Assert.IsType<Stopped>(e));
    }

    [Fact]
    public void News_of_a_run_that_is_over_change_nothing()
    {
        web.Running();
        var old = web.Run;
        web.Given(web.Exited(1)).After(TimeSpan.FromSeconds(5)).Given(new ProcessCommand.RestartDue());
        Assert.Empty(web.When(new ProcessCommand.Seen(old, new SandboxView.Exited(new SandboxExit(0, false, web.Now)))));
        Assert.Empty(web.When(new ProcessCommand.StartAnswered(old, new StartOutcome.Failed(new StartFailure(StartFailureCode.DiskFull, "late")))));
    }

    private RestartScheduled NextCrash()
    {
        var scheduled = web.Given(web.Started()).When(web.Exited(1)).OfType<RestartScheduled>().Single();
        web.After(TimeSpan.FromMinutes(1)).Given(new ProcessCommand.RestartDue());
        return scheduled;
    }
}
