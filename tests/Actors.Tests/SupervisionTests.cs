using Akka.Actor;
using Fleet.Actors.Hosts;
using Fleet.Actors.Jobs;
using Fleet.Hosts;
using Fleet.Jobs;
using Fleet.Processes;
using Fleet.Sandboxes;
using static Fleet.Actors.Tests.AgentFixture;

namespace Fleet.Actors.Tests;

public class SupervisionTests
{
    [Fact]
    public async Task A_job_that_is_run_runs_and_its_intent_was_on_disk_before_its_start()
    {
        await using var agent = await Begin();
        agent.Sandboxes.OnStart = request =>
        {
            Assert.Contains(agent.Stored<ProcessEvent.Starting>(), e => e.Run == request.Run);
            return null;
        };
        await agent.Run(Job("shop", Process("web")));
        await agent.Until("shop", "web", ProcessPhase.Running);
    }

    [Fact]
    public async Task The_story_of_a_command_goes_through_to_the_process()
    {
        await using var agent = await Begin();
        var cause = Because();
        await agent.Accepted(new JobMessage.Submit(Job("shop", Process("web")), null, cause));
        await agent.Until("shop", "web", ProcessPhase.Running);
        Assert.Equal(
            ["job.submitted.v1", "host.desired_accepted.v1", "host.slice_assigned.v1", "host.process_assigned.v1", "process.starting.v1", "process.started.v1"],
            agent.Stored().Where(r => r.Envelope.CorrelationId == cause.CorrelationId).Select(r => r.Envelope.Name));
    }

    [Fact]
    public async Task A_change_of_one_job_is_not_told_as_the_story_of_the_job_that_changed_most_often()
    {
        await using var agent = await Begin();
        await agent.Run(Job("often", Process("web")));
        await agent.Run(Job("often", Process("web") with { Args = ["x"] }));
        var cause = Because();
        await agent.Accepted(new JobMessage.Submit(Job("new", Process("web")), null, cause));
        await agent.Until("new", "web", ProcessPhase.Running);
        var assigned = agent.Stored().Single(r => r.Event is HostEvent.ProcessAssigned e && e.Assignment.Process.Job == JobId.Parse("new"));
        Assert.Equal(cause.CorrelationId, assigned.Envelope.CorrelationId);
    }

    [Fact]
    public async Task A_killed_agent_takes_its_running_processes_up_again_and_starts_nothing_twice()
    {
        await using var agent = await Begin();
        await agent.Run(Job("shop", Process("web"), Process("db")));
        var before = (await agent.Until("shop", "web", ProcessPhase.Running), await agent.Until("shop", "db", ProcessPhase.Running));
        await agent.Kill();
        await agent.Start();
        Assert.Equal(before.Item1.Pid, (await agent.Until("shop", "web", ProcessPhase.Running)).Pid);
        Assert.Equal(before.Item2.Pid, (await agent.Until("shop", "db", ProcessPhase.Running)).Pid);
        Assert.Equal(2, agent.Sandboxes.Started.Count);
    }

    [Fact]
    public async Task What_ended_while_the_agent_was_dead_is_recorded_and_restarted()
    {
        await using var agent = await Begin();
        await agent.Run(Job("shop", Process("web")));
        var run = (await agent.Until("shop", "web", ProcessPhase.Running)).Run!.Value;
        await agent.Kill();
        agent.Sandboxes.End(run, 3);
        await agent.Start();
        await agent.Until("shop", "web", s => s.Phase == ProcessPhase.Running && s.Run != run);
        Assert.Equal(3, agent.Stored<ProcessEvent.Exited>().Single().Exit.Code);
    }

    [Fact]
    public async Task A_start_that_the_kill_interrupted_is_gone_on_with_under_the_same_run()
    {
        await using var agent = await Begin();
        var gate = new TaskCompletionSource();
        agent.Sandboxes.OnStart = _ => { gate.TrySetResult(); return new StartOutcome.Failed(new StartFailure(StartFailureCode.RuntimeFailed, "killed here")); };
        await agent.Run(Job("shop", Process("web") with { Restart = new RestartPolicy { Initial = TimeSpan.FromHours(1), Max = TimeSpan.FromHours(1) } }));
        await gate.Task;
        await agent.Until("shop", "web", ProcessPhase.Waiting);
        agent.Sql("DELETE FROM journal WHERE manifest IN ('process.start_failed.v1', 'process.restart_scheduled.v1')");
        var intended = agent.Stored<ProcessEvent.Starting>().Single().Run;
        await agent.Kill();
        agent.Sandboxes.OnStart = _ => null;
        await agent.Start();
        Assert.Equal(intended, (await agent.Until("shop", "web", ProcessPhase.Running)).Run);
        Assert.Single(agent.Sandboxes.Started);
    }

    [Fact]
    public async Task After_a_reboot_everything_is_started_again_and_the_loss_recorded()
    {
        await using var agent = await Begin();
        await agent.Run(Job("shop", Process("web")));
        var run = (await agent.Until("shop", "web", ProcessPhase.Running)).Run;
        await agent.Kill();
        agent.Sandboxes.Reboot();
        await agent.Start();
        await agent.Until("shop", "web", s => s.Phase == ProcessPhase.Running && s.Run != run);
        Assert.Single(agent.Stored<ProcessEvent.Lost>());
    }

    [Fact]
    public async Task Remains_that_no_journal_knows_are_removed_and_those_in_use_are_not()
    {
        await using var agent = await Begin();
        await agent.Run(Job("shop", Process("web")));
        var run = (await agent.Until("shop", "web", ProcessPhase.Running)).Run!.Value;
        await agent.Kill();
        var stranger = RunId.Parse("old.run-1");
        agent.Sandboxes.Leave(stranger);
        await agent.Start();
        await agent.Until("shop", "web", ProcessPhase.Running);
        await Eventually(() => agent.Sandboxes.Removed.Contains(stranger));
        Assert.DoesNotContain(run, agent.Sandboxes.Removed);
    }

    [Fact]
    public async Task A_process_that_ignores_TERM_and_QUIT_is_killed()
    {
        await using var agent = await Begin(s => s.Obeys = signal => signal == StopSignal.Kill);
        await agent.Run(Job("shop", Process("web")));
        await agent.Until("shop", "web", ProcessPhase.Running);
        await agent.Accepted(new JobMessage.Stop(JobId.Parse("shop"), Because()));
        await agent.Until("shop", "web", ProcessPhase.Stopped);
        Assert.Equal([StopSignal.Term, StopSignal.Quit, StopSignal.Kill], agent.Sandboxes.Signals.Select(s => s.Signal));
    }

    [Fact]
    public async Task A_signal_that_cannot_be_sent_is_said_and_sent_again_as_soon_as_it_can()
    {
        var answers = false;
        await using var agent = await Begin(s => s.OnSignal = _ => answers ? null : "no root helper answers");
        await agent.Run(Job("shop", Process("web") with { Stop = StopLadder.Parse("TERM/1h/KILL") }));
        await agent.Until("shop", "web", ProcessPhase.Running);
        await agent.Accepted(new JobMessage.Stop(JobId.Parse("shop"), Because()));
        await agent.Until("shop", "web", s => s is { Phase: ProcessPhase.Stopping, Detail: "no root helper answers" });
        await agent.Kill();
        await agent.Start();
        await agent.Until("shop", "web", s => s is { Phase: ProcessPhase.Stopping, Detail: "no root helper answers" });

        answers = true;

        Assert.Null((await agent.Until("shop", "web", ProcessPhase.Stopped)).Detail);
        Assert.Equal([StopSignal.Term], agent.Sandboxes.Signals.Select(s => s.Signal));
        Assert.Equal("no root helper answers", agent.Stored<ProcessEvent.Hindered>().First().Why);
        Assert.Equal(Fleet.Ledger.Outcome.Failed, agent.Stored().First(r => r.Event is ProcessEvent.Hindered).Envelope.Outcome);
    }

    [Fact]
    public async Task A_kill_in_the_middle_of_a_stop_goes_on_with_the_stop()
    {
        await using var agent = await Begin(s => s.Obeys = _ => false);
        await agent.Run(Job("shop", Process("web") with { Stop = StopLadder.Parse("TERM/1h/KILL") }));
        await agent.Until("shop", "web", ProcessPhase.Running);
        await agent.Accepted(new JobMessage.Stop(JobId.Parse("shop"), Because()));
        await agent.Until("shop", "web", ProcessPhase.Stopping);
        await agent.Kill();
        agent.Sandboxes.Obeys = _ => true;
        await agent.Start();
        await agent.Until("shop", "web", ProcessPhase.Stopped);
        Assert.Single(agent.Stored<ProcessEvent.Stopping>());
    }

    [Fact]
    public async Task A_restart_asked_for_replaces_the_run()
    {
        await using var agent = await Begin();
        await agent.Run(Job("shop", Process("web")));
        var run = (await agent.Until("shop", "web", ProcessPhase.Running)).Run;
        await agent.Accepted(new JobMessage.Restart(JobId.Parse("shop"), Because()));
        await agent.Until("shop", "web", s => s.Phase == ProcessPhase.Running && s.Run != run);
    }

    [Fact]
    public async Task A_supervisor_that_throws_comes_back_with_the_newest_version_and_leaves_the_process_running()
    {
        await using var agent = await Begin();
        await agent.Run(Job("shop", Process("web")));
        await agent.Until("shop", "web", ProcessPhase.Running);
        var thrown = 0;
        agent.Sandboxes.OnInspect = _ => { if (agent.Sandboxes.Started.Count == 2 && Interlocked.Increment(ref thrown) == 1) { throw new IOException("too many open files"); } };
        await agent.Run(Job("shop", Process("web") with { Args = ["--new"] }));
        await Eventually(() => thrown > 1);
        Assert.Equal(2, (await agent.Until("shop", "web", ProcessPhase.Running)).Version);
        Assert.Equal(2, agent.Sandboxes.Started.Count);
        Assert.Single(agent.Stored<ProcessEvent.Stopping>());
    }

    [Fact]
    public async Task An_intent_that_another_version_overtook_while_the_agent_was_dead_is_never_begun()
    {
        await using var agent = await Begin(s => s.OnStart = _ => new StartOutcome.Failed(new StartFailure(StartFailureCode.RuntimeFailed, "killed here")));
        var patient = Process("web") with { Restart = new RestartPolicy { Initial = TimeSpan.FromHours(1), Max = TimeSpan.FromHours(1) } };
        await agent.Run(Job("shop", patient));
        await agent.Until("shop", "web", ProcessPhase.Waiting);
        await agent.Kill();
        agent.Sql("DELETE FROM journal WHERE manifest IN ('process.start_failed.v1', 'process.restart_scheduled.v1')");
        agent.Sql("UPDATE journal SET message = CAST(replace(CAST(message AS TEXT), 'executable\":\"/bin/x', 'executable\":\"/bin/y') AS BLOB) WHERE manifest = 'host.process_assigned.v1'");
        var assigned = agent.Stored<HostEvent.ProcessAssigned>().Single().Assignment;
        agent.Sql($"UPDATE journal SET message = CAST(replace(CAST(message AS TEXT), '{assigned.Digest}', '{Digest.Of("new")}') AS BLOB) WHERE manifest = 'host.process_assigned.v1'");
        agent.Sandboxes.OnStart = _ => null;
        await agent.Start();
        await agent.Until("shop", "web", ProcessPhase.Running);
        Assert.Equal("/bin/y", Assert.Single(agent.Sandboxes.Started).Spec.Executable);
        Assert.Equal(StartFailureCode.Superseded, agent.Stored<ProcessEvent.StartFailed>().Single().Failure.Code);
    }

    [Fact]
    public async Task One_whose_remains_cannot_be_removed_says_why_and_is_not_given_up()
    {
        await using var agent = await Begin(s => s.OnStart = _ => new StartOutcome.Failed(new StartFailure(StartFailureCode.RuntimeFailed, "killed here")));
        await agent.Run(Job("shop", Process("web") with { Restart = new RestartPolicy { Initial = TimeSpan.FromHours(1), Max = TimeSpan.FromHours(1) } }));
        await agent.Until("shop", "web", ProcessPhase.Waiting);
        await agent.Accepted(new JobMessage.Stop(JobId.Parse("shop"), Because()));
        await agent.Until("shop", "web", ProcessPhase.Stopped);
        await agent.Kill();
        agent.Sql("DELETE FROM journal WHERE manifest IN ('process.start_failed.v1', 'process.restart_scheduled.v1', 'process.stopped.v1')");
        agent.Sandboxes.OnRemove = _ => throw new IOException("no root helper answers");

        await agent.Start();
        await agent.Until("shop", "web", s => s is { Phase: ProcessPhase.Starting, Detail: "no root helper answers" });

        agent.Sandboxes.OnRemove = _ => { };
        await agent.Until("shop", "web", ProcessPhase.Stopped);
        Assert.Single(agent.Stored<ProcessEvent.Hindered>());
    }

    [Fact]
    public async Task An_older_desired_state_stops_nothing_also_after_a_restart_of_the_agent()
    {
        await using var agent = await Begin();
        await agent.Run(Job("shop", Process("web")));
        var run = (await agent.Until("shop", "web", ProcessPhase.Running)).Run!.Value;
        await agent.Kill();
        await agent.Start();
        agent.Host.Tell(new DesiredState(0, []));
        await agent.Host.Ask<Ready>(WhenReady.Instance, TimeSpan.FromSeconds(20));
        Assert.Empty(agent.Stored<HostEvent.ProcessUnassigned>());
        Assert.Equal([1], agent.Stored<HostEvent.DesiredAccepted>().Select(e => e.Number));
        agent.Host.Tell(new DesiredState(99, []));
        await Eventually(() => agent.Sandboxes.Removed.Contains(run));
    }

    [Fact]
    public async Task Asking_for_a_job_that_is_not_there_leaves_nothing_behind()
    {
        await using var agent = await Begin();
        var refused = await agent.Jobs.Ask<JobReply>(new JobMessage.Stop(JobId.Parse("nobody"), Because()), TimeSpan.FromSeconds(20));
        Assert.Equal(RefusalCode.NotFound, Assert.IsType<JobReply.Refused>(refused).Refusal.Code);
    }

    [Fact]
    public async Task A_process_that_left_the_job_is_stopped_and_forgotten()
    {
        await using var agent = await Begin();
        await agent.Run(Job("shop", Process("web"), Process("db")));
        await agent.Until("shop", "db", ProcessPhase.Running);
        await agent.Run(Job("shop", Process("web")));
        await Eventually(() => agent.Stored<HostEvent.ProcessRemoved>().Any(e => e.Process.Name == "db"));

        // The host says so to control after it is on disk.
        await Eventually(() => agent.Accepted(new JobMessage.Get(JobId.Parse("shop"))).GetAwaiter().GetResult().Processes.All(p => p.Process.Name == "web"));
    }

    [Fact]
    public async Task An_unhealthy_process_is_replaced()
    {
        await using var agent = await Begin();
        agent.Healthy = false;
        var check = new HealthCheck
        {
            Probe = new HealthProbe.Tcp(1), Interval = TimeSpan.FromMilliseconds(5), Grace = TimeSpan.Zero, Failures = 2, Timeout = TimeSpan.FromSeconds(1),
        };
        await agent.Run(Job("shop", Process("web") with { Health = check }));
        await Eventually(() => agent.Stored<ProcessEvent.Stopping>().Any(e => e.Why == StopReason.Unhealthy));
        agent.Healthy = true;
        await agent.Until("shop", "web", s => s is { Phase: ProcessPhase.Running, Health: Health.Healthy });
    }
}
