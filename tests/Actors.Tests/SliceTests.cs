using Fleet.Actors.Jobs;
using Fleet.Hosts;
using Fleet.Jobs;
using Fleet.Processes;
using static Fleet.Actors.Tests.AgentFixture;

namespace Fleet.Actors.Tests;

/// <summary>Two slices, and jobs that are one too many.</summary>
public class SliceTests
{
    [Fact]
    public async Task A_job_that_finds_no_slice_says_who_holds_them_and_runs_once_one_is_stopped()
    {
        await using var agent = await Full();
        await agent.Run(Job("c", Process("p")));
        var told = await agent.Until("c", "p", ProcessPhase.Failed);
        Assert.Contains("no slice of sub-ids is free for c: this host's 2 are held by jobs that are not stopped (2: a; b)", told.Detail, StringComparison.Ordinal);
        await Stop(agent, "b");
        await agent.Until("c", "p", ProcessPhase.Running);
        Assert.Equal([new HostEvent.SliceReturned(JobId.Parse("b"), 1)], agent.Stored<HostEvent.SliceReturned>().ToList());
        Assert.Equal(1, SliceOf(agent, "c"));
    }

    [Fact]
    public async Task The_longest_stopped_job_gives_back_first_and_one_that_keeps_something_never()
    {
        await using var agent = await Full();
        agent.Sandboxes.Kept = job => job.Name == "b" ? "/var/vcap/store/b" : null;
        await Stop(agent, "b");
        await Stop(agent, "a");
        await agent.Run(Job("c", Process("p")));
        await agent.Until("c", "p", ProcessPhase.Running);
        Assert.Equal(["b", "a"], agent.Sandboxes.Idle.Last().Select(s => s.Job.Name));
        Assert.Equal(0, SliceOf(agent, "c"));
        await agent.Run(Job("d", Process("p")));
        Assert.Contains("with something left (1: b, /var/vcap/store/b)", (await agent.Until("d", "p", ProcessPhase.Failed)).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_job_that_gave_back_its_slice_starts_again_with_another()
    {
        await using var agent = await Full();
        await Stop(agent, "a");
        await agent.Run(Job("c", Process("p")));
        await agent.Until("c", "p", ProcessPhase.Running);
        await Stop(agent, "b");
        await agent.Accepted(new JobMessage.Start(JobId.Parse("a"), Because()));
        await agent.Until("a", "p", ProcessPhase.Running);
        Assert.Equal(1, SliceOf(agent, "a"));
    }

    [Fact]
    public async Task Of_a_job_started_while_its_slice_is_given_back_and_the_one_it_goes_to_one_runs()
    {
        await using var agent = await Full();
        var gate = new TaskCompletionSource();
        agent.Sandboxes.Returning = gate.Task;
        await Stop(agent, "a");
        await agent.Run(Job("c", Process("p")));
        await Eventually(() => agent.Sandboxes.Idle.Any(idle => idle.Length > 0));
        await agent.Accepted(new JobMessage.Start(JobId.Parse("a"), Because()));
        Assert.Equal(2, agent.Sandboxes.Started.Count);
        gate.SetResult();

        // Which of them depends on what its host hears first.
        await Eventually(() => agent.Sandboxes.Started.Count == 3);
        var runs = agent.Sandboxes.Started.Last().Process.Job.Name;
        await agent.Until(runs, "p", ProcessPhase.Running);
        Assert.Contains("no slice", (await agent.Until(runs == "a" ? "c" : "a", "p", ProcessPhase.Failed)).Detail, StringComparison.Ordinal);
        Assert.Equal((0, 3), (SliceOf(agent, runs), agent.Sandboxes.Started.Count));
    }

    [Fact]
    public async Task While_stopped_jobs_are_looked_through_another_job_restarts_and_stops()
    {
        await using var agent = await Full();
        var gate = new TaskCompletionSource();
        agent.Sandboxes.Returning = gate.Task;
        agent.Sandboxes.Kept = _ => "something";
        await Stop(agent, "a");
        await agent.Run(Job("c", Process("p")));
        await Eventually(() => agent.Sandboxes.Idle.Any(idle => idle.Length > 0));
        await agent.Accepted(new JobMessage.Start(JobId.Parse("a"), Because()));
        await agent.Accepted(new JobMessage.Restart(JobId.Parse("b"), Because()));
        await Eventually(() => agent.Sandboxes.Started.Count == 3);
        await Stop(agent, "b");

        // The one that was looked through meanwhile starts afterwards, though it gave nothing back.
        Assert.Equal("b", agent.Sandboxes.Started.Last().Process.Job.Name);
        gate.SetResult();
        await agent.Until("a", "p", ProcessPhase.Running);
    }

    [Fact]
    public async Task Stopped_jobs_that_gave_nothing_back_are_not_looked_through_again_for_every_command()
    {
        await using var agent = await Full();
        agent.Sandboxes.Kept = _ => "something";
        await Stop(agent, "a");
        await agent.Run(Job("c", Process("p")));
        await agent.Until("c", "p", ProcessPhase.Failed);
        for (var i = 1; i <= 20; i++)
        {
            await agent.Accepted(new JobMessage.Restart(JobId.Parse("b"), Because()));
            await Eventually(() => agent.Sandboxes.Started.Count == 2 + i);
        }

        // One look for the job that waits; more only as it waits longer than the pause.
        Assert.InRange(agent.Sandboxes.Idle.Count, 1, 4);
    }

    [Fact]
    public async Task Killed_before_the_event_the_slice_is_still_the_old_jobs()
    {
        await using var agent = await Full();
        agent.Sandboxes.Returning = new TaskCompletionSource().Task;
        await Stop(agent, "a");
        await agent.Run(Job("c", Process("p")));
        await Eventually(() => agent.Sandboxes.Idle.Any(idle => idle.Length > 0));
        await agent.Kill();
        agent.Sandboxes.Returning = Task.CompletedTask;
        agent.Sandboxes.Kept = _ => "something";
        await agent.Start();
        await agent.Accepted(new JobMessage.Start(JobId.Parse("a"), Because()));
        await agent.Until("a", "p", ProcessPhase.Running);
        Assert.Equal(0, SliceOf(agent, "a"));
        Assert.Empty(agent.Stored<HostEvent.SliceReturned>());
    }

    [Fact]
    public async Task Killed_after_the_event_the_slice_is_the_next_jobs()
    {
        await using var agent = await Full();
        await Stop(agent, "a");
        await agent.Run(Job("c", Process("p")));
        await agent.Until("c", "p", ProcessPhase.Running);
        await agent.Kill();
        agent.Sql("DELETE FROM journal WHERE ordering > (SELECT ordering FROM journal WHERE manifest = 'host.slice_returned.v1')");
        agent.Sandboxes.Reboot();
        await agent.Start();
        await agent.Until("c", "p", ProcessPhase.Running);
        Assert.Equal(0, SliceOf(agent, "c"));
        Assert.Single(agent.Stored<HostEvent.SliceReturned>());
    }

    [Fact]
    public async Task A_return_that_cannot_be_recorded_is_done_again()
    {
        await using var agent = await Full();
        await Stop(agent, "a");
        agent.Sql("CREATE TRIGGER full BEFORE INSERT ON journal WHEN NEW.manifest = 'host.slice_returned.v1' BEGIN SELECT RAISE(FAIL, 'disk full'); END");
        await agent.Run(Job("c", Process("p")));
        await Eventually(() => agent.Stored<HostEvent.AgentStarted>().Count() > 1); // The write failed its host, which began anew.
        Assert.Empty(agent.Stored<HostEvent.SliceReturned>());
        agent.Sql("DROP TRIGGER full");
        await agent.Until("c", "p", ProcessPhase.Running);
        Assert.Equal(0, SliceOf(agent, "c"));
    }

    [Fact]
    public async Task A_job_that_is_stopped_while_it_waits_waits_no_more()
    {
        await using var agent = await Full();
        await agent.Run(Job("c", Process("p")));
        await agent.Until("c", "p", ProcessPhase.Failed);
        var view = await agent.Accepted(new JobMessage.Stop(JobId.Parse("c"), Because()));
        for (var deadline = DateTime.UtcNow.AddSeconds(20); !view.Processes.IsEmpty; view = await agent.Accepted(new JobMessage.Get(JobId.Parse("c"))))
        {
            Assert.True(DateTime.UtcNow < deadline, "it is still said to have failed");
        }
    }

    private static async Task<AgentFixture> Full()
    {
        var agent = await Begin(s => s.Slices = 2);
        foreach (var job in new[] { "a", "b" })
        {
            await agent.Run(Job(job, Process("p")));
            await agent.Until(job, "p", ProcessPhase.Running);
        }

        return agent;
    }

    private static async Task Stop(AgentFixture agent, string job)
    {
        await agent.Accepted(new JobMessage.Stop(JobId.Parse(job), Because()));
        await agent.Until(job, "p", ProcessPhase.Stopped);
    }

    private static int SliceOf(AgentFixture agent, string job) => agent.Sandboxes.Started.Last(r => r.Process.Job.Name == job).Slice;
}
