using Fleet.Grants;
using Fleet.Processes;
using Fleet.Sandboxes;
using static Fleet.Processes.ProcessEvent;

namespace Fleet.Tests.Processes;

/// <summary>A process beyond the baseline: it runs as long as, and only as long as, a grant lets it.</summary>
public sealed class SupervisionPermitTests
{
    private static readonly JobGrant First = PermitSample.Of(PermitSample.Spec), Second = PermitSample.Of(PermitSample.Spec, "g-0000000000000002");
    private static readonly Permit ByFirst = new Permit.Granted(First), BySecond = new Permit.Granted(Second), Stops = Missing(false), GoesOn = Missing(true);

    private readonly SupervisionScenario net = new();

    [Fact]
    public void Without_a_grant_it_is_not_started_and_says_so_once()
    {
        net.May(Missing(false, "no grant covers it"));
        Assert.Equal(new NotPermitted("no grant covers it", null), Assert.Single(net.When(new ProcessCommand.Reconcile())));
        Assert.Empty(net.When(new ProcessCommand.Reconcile()));
        Assert.IsType<ProcessDuty.Nothing>(ProcessDuty.Of(net.State));
        Assert.Equal((ProcessPhase.Failed, "no grant covers it"), Seen);
    }

    [Fact]
    public void Another_reason_is_said_again()
    {
        net.May(Missing(false, "no grant covers it")).Reconciled().May(Missing(false, "it begins at one"));
        Assert.Equal(new NotPermitted("it begins at one", null), Assert.Single(net.When(new ProcessCommand.Reconcile())));
    }

    [Fact]
    public void It_starts_by_itself_as_soon_as_one_covers_it_and_the_intent_names_the_grant()
    {
        net.May(Stops).Reconciled().May(ByFirst);
        var starting = Assert.IsType<Starting>(Assert.Single(net.When(new ProcessCommand.Reconcile())));
        Assert.Equal((First.Id, 1), (starting.Grant, starting.Attempt));
        net.Given(net.Started());
        Assert.Equal(First.Id, ProcessView.Of(net.State, net.Wanted).Grant);
    }

    [Fact]
    public void When_its_grant_is_over_it_is_stopped_by_its_ladder_and_then_waits_for_another()
    {
        net.May(ByFirst).Running().May(Stops);
        Assert.Equal(StopReason.GrantOver, Assert.IsType<Stopping>(Assert.Single(net.When(new ProcessCommand.Reconcile()))).Why);
        Assert.Collection(net.When(net.Exited(143)), e => Assert.IsType<Exited>(e), e => Assert.Equal(PermitSample.Why, Assert.IsType<NotPermitted>(e).Why));
        net.May(BySecond);
        Assert.Equal(Second.Id, Assert.IsType<Starting>(Assert.Single(net.When(new ProcessCommand.Reconcile()))).Grant);
    }

    [Fact]
    public void One_that_goes_on_at_the_end_goes_on_and_is_not_started_again_after_its_own()
    {
        net.May(ByFirst).Running().May(GoesOn);
        Assert.Empty(net.When(new ProcessCommand.Reconcile()));
        Assert.Collection(net.When(net.Exited(1)), e => Assert.IsType<Exited>(e), e => Assert.IsType<NotPermitted>(e));
    }

    [Fact]
    public void One_that_goes_on_is_not_ended_for_its_health_for_it_could_not_be_started_again()
    {
        net.Want(s => s with { Health = new HealthCheck { Probe = new HealthProbe.Tcp(80) } }).May(ByFirst).Running().May(GoesOn);
        Assert.IsType<HealthChanged>(Assert.Single(net.When(new ProcessCommand.HealthSeen(net.Run, Health.Unhealthy, "refused"))));
    }

    [Fact]
    public void A_process_that_has_done_what_it_had_to_do_is_not_started_again_by_a_grant()
    {
        net.Want(s => s with { Restart = new RestartPolicy { When = RestartWhen.OnFailure } }).May(ByFirst).Running().May(GoesOn);
        Assert.False(Assert.IsType<Ended>(net.When(net.Exited(0))[^1]).Failed);
        Assert.Empty(net.May(BySecond).When(new ProcessCommand.Reconcile()));
    }

    [Fact]
    public void A_renewal_before_the_end_changes_nothing() => Assert.Empty(net.May(ByFirst).Running().May(BySecond).When(new ProcessCommand.Reconcile()));

    [Fact]
    public void A_grant_that_is_lost_ends_what_was_started_by_it_and_another_starts_it_anew()
    {
        net.May(ByFirst).Running().May(BySecond with { Lost = [First.Id] });
        Assert.Equal(StopReason.GrantOver, Assert.IsType<Stopping>(Assert.Single(net.When(new ProcessCommand.Reconcile()))).Why);
        Assert.Equal(Second.Id, Assert.IsType<Starting>(net.When(net.Exited(0))[^1]).Grant);
        net.Given(net.Started());
        Assert.Empty(net.When(new ProcessCommand.Reconcile()));
    }

    [Fact]
    public void While_it_waits_for_a_restart_its_grant_may_end()
    {
        net.May(ByFirst).Running().Given(net.Exited(1)).May(Stops);
        Assert.IsType<NotPermitted>(Assert.Single(net.When(new ProcessCommand.Reconcile())));
        Assert.Empty(net.After(TimeSpan.FromMinutes(1)).When(new ProcessCommand.RestartDue()));
    }

    [Fact]
    public void The_program_is_not_started_after_its_hook_without_a_permit()
    {
        net.Want(s => s with { Hooks = new Hooks("/pre") }).May(ByFirst).Running().May(GoesOn);
        Assert.IsType<NotPermitted>(net.When(net.Exited(0))[^1]);
    }

    [Fact]
    public void What_root_has_refused_it_is_not_asked_again_but_another_grant_is_tried()
    {
        net.May(ByFirst).Reconciled();
        Assert.Equal(new NotPermitted("no start: PrivilegeRefused", First.Id), net.When(net.Failed(StartFailureCode.PrivilegeRefused))[^1]);
        Assert.Empty(net.When(new ProcessCommand.Reconcile()));
        Assert.Equal(Second.Id, Assert.IsType<Starting>(Assert.Single(net.May(BySecond).When(new ProcessCommand.Reconcile()))).Grant);
    }

    [Fact]
    public void What_root_has_refused_is_tried_again_where_somebody_asks()
    {
        net.May(ByFirst).Reconciled().Given(net.Failed(StartFailureCode.PrivilegeRefused)).Want(restarts: 1);
        Assert.Equal(First.Id, Assert.IsType<Starting>(Assert.Single(net.When(new ProcessCommand.Reconcile()))).Grant);
    }

    [Fact]
    public void A_grant_that_came_while_root_refused_the_other_is_tried_at_once()
    {
        net.May(ByFirst).Reconciled().May(BySecond);
        Assert.Equal(Second.Id, Assert.IsType<Starting>(net.When(net.Failed(StartFailureCode.PrivilegeRefused))[^1]).Grant);
    }

    [Fact]
    public void A_start_that_the_end_of_its_grant_overtook_waits_for_another()
    {
        net.Want(s => s with { Restart = new RestartPolicy { When = RestartWhen.Never } }).May(ByFirst).Reconciled().May(Stops);
        Assert.Collection(net.When(net.Failed(StartFailureCode.Superseded)), e => Assert.IsType<StartFailed>(e), e => Assert.IsType<NotPermitted>(e));
    }

    [Fact]
    public void Stopped_while_it_may_not_run_it_is_stopped()
    {
        net.May(Stops).Reconciled().Want(run: false);
        Assert.IsType<Stopped>(Assert.Single(net.When(new ProcessCommand.Reconcile())));
        Assert.IsType<NotPermitted>(Assert.Single(net.Want(run: true).When(new ProcessCommand.Reconcile())));
    }

    [Fact]
    public void A_version_that_asks_for_less_runs_without_a_grant()
    {
        net.May(Stops).Reconciled().Want(s => s with { Args = ["--less"] }, version: 2).May(new Permit.Baseline());
        Assert.Null(Assert.IsType<Starting>(Assert.Single(net.When(new ProcessCommand.Reconcile()))).Grant);
    }

    [Fact]
    public void What_the_kernel_says_otherwise_is_written_once_for_each_change_and_stops_nothing()
    {
        net.May(ByFirst).Running();
        Assert.Equal(new KernelDiffers(net.Run, "CapEff"), Assert.Single(net.When(Looked("CapEff"))));
        Assert.Empty(net.When(Looked("CapEff")));
        Assert.Equal("CapEff", ProcessView.Of(net.State, net.Wanted).Difference);
        Assert.Equal(new KernelDiffers(net.Run, null), Assert.Single(net.When(Looked(null))));
        Assert.Empty(net.When(Looked(null)));
        Assert.IsType<ProcessState.Running>(net.State);
    }

    [Fact]
    public void What_keeps_a_stop_from_being_done_is_written_once_for_each_change_and_gone_when_it_is_over()
    {
        net.May(ByFirst).Want(s => s with { Stop = StopLadder.Parse("TERM/20s/KILL") }).Running();
        Assert.Empty(net.When(new ProcessCommand.Hindered(net.Run, "no answer")));
        net.Want(run: false).Reconciled();

        Assert.Empty(net.When(new ProcessCommand.Hindered(net.Run, null)));
        Assert.Equal(new Hindered(net.Run, "no answer"), Assert.Single(net.When(new ProcessCommand.Hindered(net.Run, "no answer"))));
        Assert.Empty(net.When(new ProcessCommand.Hindered(net.Run, "no answer")));
        Assert.Empty(net.When(new ProcessCommand.Hindered(net.Run, "the same in other words")));
        Assert.Empty(net.When(new ProcessCommand.Hindered(RunId.Parse("shop.net-0"), "of another run")));
        net.Given(new ProcessCommand.RungOver(net.Run, 0));
        Assert.Equal((ProcessPhase.Stopping, "no answer"), Seen);

        Assert.Equal(new Hindered(net.Run, null), Assert.Single(net.When(new ProcessCommand.Hindered(net.Run, null))));
        Assert.Equal((ProcessPhase.Stopping, null), Seen);
        Assert.Equal(StopSignal.Kill, ((ProcessDuty.Signal)ProcessDuty.Of(net.State)).With);
    }

    [Fact]
    public void What_keeps_a_start_from_being_taken_back_is_said_until_it_is_answered()
    {
        net.May(ByFirst).Reconciled();
        Assert.Equal(new Hindered(net.Run, "no answer"), Assert.Single(net.When(new ProcessCommand.Hindered(net.Run, "no answer"))));
        Assert.Equal((ProcessPhase.Starting, "no answer"), Seen);
        net.Given(net.Started());
        Assert.Equal((ProcessPhase.Running, null), Seen);
    }

    private ProcessCommand Looked(string? difference) =>
        new ProcessCommand.Seen(net.Run, new SandboxView.Running(new SandboxIdentity(net.Run, SupervisionScenario.Boot, 4711, 99), difference));

    private (ProcessPhase, string?) Seen => ProcessView.Of(net.State, net.Wanted) is var seen ? (seen.Phase, seen.Detail) : default;

    private static Permit.Missing Missing(bool keepsRunning, string why = PermitSample.Why) => new(why, keepsRunning);
}
