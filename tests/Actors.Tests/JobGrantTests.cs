using System.Text;
using Akka.Actor;
using Fleet.Actors.Grants;
using Fleet.Actors.Hosts;
using Fleet.Actors.Jobs;
using Fleet.Grants;
using Fleet.Hosts;
using Fleet.Jobs;
using Fleet.Privileges;
using Fleet.Processes;
using Fleet.Sandboxes;
using Microsoft.Extensions.Time.Testing;
using static Fleet.Actors.Tests.AgentFixture;

namespace Fleet.Actors.Tests;

/// <summary>A job beyond the baseline, from control's grant to the sandbox on the host, through kills of the agent.</summary>
public sealed class JobGrantTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 26, 12, 0, 0, TimeSpan.Zero);
    private static readonly GrantId First = GrantId.Parse("g-0000000000000001"), Second = GrantId.Parse("g-0000000000000002");
    private static readonly JobSpec Spec = Job("shop", Process("web"), Process("net") with { Capabilities = ["NET_ADMIN"] });

    private readonly FakeTimeProvider time = new(Noon);

    [Fact]
    public async Task It_waits_for_its_grant_and_starts_by_itself_with_the_very_bytes_that_were_signed()
    {
        await using var agent = await Begin(time: time);
        await agent.Run(Spec);
        await agent.Until("shop", "web", ProcessPhase.Running);
        var waits = await agent.Until("shop", "net", ProcessPhase.Failed);
        Assert.Equal("no grant covers it; it needs one for capability:NET_ADMIN: fleet root request --job FILE --on web-1 --reason TEXT", waits.Detail);

        await Grant(agent, First);
        var runs = await agent.Until("shop", "net", ProcessPhase.Running);
        Assert.Equal(First, runs.Grant);
        var (web, net) = (Started(agent, "web").Single(), Started(agent, "net").Single());
        Assert.Null(web.Grant);
        Assert.Equal((First, Text(Document(First)), "alice", "bob,carol"), (net.Grant!.Id, net.Grant.Text, net.Grant.By.Principal, string.Join(',', net.Grant.Approvals.Select(a => a.Principal))));
        Assert.Equal(JobDigest.Of(Spec), JobDigest.Of(net.Grant.Content));
        Assert.Equal(First, agent.Stored<ProcessEvent.Starting>().Last().Grant);
    }

    [Fact]
    public async Task A_grant_that_was_given_before_lets_it_start_at_once()
    {
        await using var agent = await Begin(time: time);
        await Grant(agent, First);
        await agent.Run(Spec);
        await agent.Until("shop", "net", ProcessPhase.Running);
        Assert.Empty(agent.Stored<ProcessEvent.NotPermitted>());
    }

    [Fact]
    public async Task At_the_end_of_its_window_it_is_stopped_and_the_rest_of_the_job_goes_on()
    {
        await using var agent = await Running(First);
        time.Advance(TimeSpan.FromMinutes(59));
        await Settled(agent);
        Assert.Equal(ProcessPhase.Running, (await Status(agent, "net")).Phase);
        time.Advance(TimeSpan.FromMinutes(1));
        var over = await agent.Until("shop", "net", ProcessPhase.Failed);
        Assert.StartsWith($"its grant {First} is over since 2026-11-26T13:00:00Z", over.Detail, StringComparison.Ordinal);
        Assert.Equal(StopReason.GrantOver, agent.Stored<ProcessEvent.Stopping>().Single().Why);
        Assert.Equal([new HostEvent.GrantTaken(First, GrantLoss.Over)], agent.Stored<HostEvent.GrantTaken>());
        Assert.Equal(ProcessPhase.Running, (await Status(agent, "web")).Phase);
    }

    [Fact]
    public async Task One_that_keeps_running_goes_on_after_the_end_also_under_another_agent_and_is_not_started_again()
    {
        await using var agent = await Running(First, AtEnd.KeepRunning);
        var run = (await Status(agent, "net")).Run!.Value;
        time.Advance(TimeSpan.FromHours(1));
        await Eventually(() => agent.Stored<HostEvent.GrantTaken>().Any() && agent.Stored<GrantEvent.Expired>().Any());
        await agent.Kill();
        time.Advance(TimeSpan.FromDays(3));
        await agent.Start();
        await Settled(agent);
        Assert.Equal((ProcessPhase.Running, run), (await Status(agent, "net")) is var s ? (s.Phase, s.Run!.Value) : default);
        agent.Sandboxes.End(run, 0);
        Assert.StartsWith($"its grant {First} is over", (await agent.Until("shop", "net", ProcessPhase.Failed)).Detail, StringComparison.Ordinal);
        Assert.Single(Started(agent, "net"));
    }

    [Fact]
    public async Task A_revoked_grant_ends_what_runs_whatever_was_to_become_of_it_at_the_end()
    {
        await using var agent = await Running(First, AtEnd.KeepRunning);
        await Do(agent, First, new GrantCommand.Revoke("enough"));
        Assert.StartsWith($"its grant {First} was revoked", (await agent.Until("shop", "net", ProcessPhase.Failed)).Detail, StringComparison.Ordinal);
        Assert.Equal([new HostEvent.GrantTaken(First, GrantLoss.Revoked)], agent.Stored<HostEvent.GrantTaken>());
    }

    [Fact]
    public async Task A_renewal_starts_it_again_when_the_grant_it_runs_by_is_over()
    {
        await using var agent = await Running(First);
        await Grant(agent, Second, until: Noon.AddHours(2));
        await Eventually(() => agent.Stored<HostEvent.GrantGiven>().Count() == 2);
        time.Advance(TimeSpan.FromHours(1));
        await Eventually(() => agent.Stored<HostEvent.GrantTaken>().Any(e => e.Grant == First));
        await Eventually(() => agent.Stored<ProcessEvent.Starting>().Any(e => e.Grant == Second));
        Assert.Equal(Second, (await agent.Until("shop", "net", ProcessPhase.Running)).Grant);
        Assert.Equal(StopReason.GrantOver, Assert.Single(agent.Stored<ProcessEvent.Stopping>()).Why);
        time.Advance(TimeSpan.FromHours(1));
        Assert.StartsWith($"its grant {Second} is over", (await agent.Until("shop", "net", ProcessPhase.Failed)).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_that_comes_after_the_end_starts_it_again()
    {
        await using var agent = await Running(First);
        time.Advance(TimeSpan.FromHours(1));
        await agent.Until("shop", "net", ProcessPhase.Failed);
        await Grant(agent, Second, from: Noon.AddHours(1), until: Noon.AddHours(2));
        Assert.Equal(Second, (await agent.Until("shop", "net", ProcessPhase.Running)).Grant);
    }

    [Fact]
    public async Task A_killed_agent_takes_what_runs_by_a_grant_up_again_and_what_ended_meanwhile_ends_it()
    {
        await using var agent = await Running(First);
        var run = (await Status(agent, "net")).Run;
        await agent.Kill();
        await agent.Start();
        Assert.Equal(run, (await agent.Until("shop", "net", ProcessPhase.Running)).Run);
        await Settled(agent);
        Assert.Single(agent.Stored<HostEvent.GrantGiven>());
        Assert.Empty(agent.Stored<HostEvent.GrantTaken>());

        await agent.Kill();
        time.Advance(TimeSpan.FromHours(2));
        await agent.Start();
        await agent.Until("shop", "net", ProcessPhase.Failed);
        Assert.Equal(GrantLoss.Over, agent.Stored<HostEvent.GrantTaken>().Single().Why);
    }

    [Fact]
    public async Task A_start_that_the_kill_interrupted_is_not_begun_once_its_grant_is_over()
    {
        await using var agent = await Begin(s => s.OnStart = r => r.Grant is null ? null : new StartOutcome.Failed(new StartFailure(StartFailureCode.RuntimeFailed, "killed here")), time);
        var patient = Job("shop", Spec.Processes[0], Spec.Processes[1] with { Restart = new RestartPolicy { Initial = TimeSpan.FromHours(9), Max = TimeSpan.FromHours(9) } });
        await Grant(agent, First, content: patient);
        await agent.Run(patient);
        await agent.Until("shop", "net", ProcessPhase.Waiting);
        await agent.Kill();
        agent.Sql("DELETE FROM journal WHERE manifest IN ('process.start_failed.v1', 'process.restart_scheduled.v1')");
        agent.Sandboxes.OnStart = _ => null;
        time.Advance(TimeSpan.FromHours(1));
        await agent.Start();
        await agent.Until("shop", "net", ProcessPhase.Failed);
        Assert.Empty(Started(agent, "net"));
    }

    [Fact]
    public async Task What_root_refuses_waits_for_another_grant()
    {
        await using var agent = await Begin(
            s => s.OnStart = r => r.Grant?.Id == First ? new StartOutcome.Failed(new StartFailure(StartFailureCode.PrivilegeRefused, "3 people must have signed the grant")) : null, time);
        await Grant(agent, First);
        await agent.Run(Spec);
        Assert.Equal("3 people must have signed the grant", (await agent.Until("shop", "net", ProcessPhase.Failed)).Detail);
        Assert.Equal(First, agent.Stored<ProcessEvent.NotPermitted>().Single().Refused);
        await Grant(agent, Second, until: Noon.AddHours(2));
        Assert.Equal(Second, (await agent.Until("shop", "net", ProcessPhase.Running)).Grant);
    }

    [Fact]
    public async Task Another_content_of_the_job_takes_its_grant_and_needs_one_of_its_own()
    {
        await using var agent = await Running(First);
        var changed = Job("shop", Spec.Processes[0] with { Args = ["-v"] }, Spec.Processes[1]);
        var run = (await Status(agent, "net")).Run;
        await Grant(agent, Second, content: changed);
        await agent.Run(changed);
        await Eventually(() => agent.Stored<HostEvent.GrantTaken>().Any());
        Assert.Equal(GrantLoss.Replaced, agent.Stored<HostEvent.GrantTaken>().Single().Why);
        await Settled(agent);
        Assert.Equal(run, (await Status(agent, "net")).Run);

        await agent.Run(Job("shop", changed.Processes[0] with { Args = ["-w"] }, changed.Processes[1]));
        await agent.Until("shop", "net", ProcessPhase.Failed);
    }

    [Fact]
    public async Task Grants_of_root_tasks_and_of_other_contents_are_not_sent_and_change_no_number()
    {
        await using var agent = await Begin(time: time);
        await agent.Run(Spec);
        await agent.Until("shop", "web", ProcessPhase.Running);
        await Grant(agent, First, content: Job("shop", Process("other") with { Capabilities = ["KILL"] }));
        await Eventually(() => agent.Stored<HostEvent.DesiredAccepted>().Last().Number == 5);
        Assert.Empty(agent.Stored<HostEvent.GrantGiven>());
        var task = Document(Second) with
        {
            PrivilegedJob = null, RootTask = new RootTask(["/usr/bin/id"], null, System.Collections.Immutable.ImmutableSortedDictionary<string, string>.Empty, "/", 1, 1, [], 1, 60, 65536, false),
        };
        await Do(agent, Second, new GrantCommand.Request(Text(task), By("alice"), new Quorum(1, false)));
        await Do(agent, Second, new GrantCommand.Approve(By("bob")));
        await Settled(agent); // One more, by a job.
        Assert.Equal(6, agent.Stored<HostEvent.DesiredAccepted>().Last().Number);
    }

    [Fact]
    public async Task Before_it_has_heard_of_the_grants_control_tells_the_host_nothing()
    {
        using var system = ActorSystem.Create("no-grants", "akka.loglevel = OFF\nakka.stdout-loglevel = OFF");
        await using var agent = await Running(First);
        await agent.Kill();
        var told = 0;
        var link = new LoopbackLink();
        link.ConnectHost(system.ActorOf(Props.Create(() => new Counting(() => Interlocked.Increment(ref told)))));
        var jobs = system.ActorOf(JobsActor.Props(new Ledger.Recorder("web-1", time), new NoJobs(), link));
        Assert.Empty(await jobs.Ask<System.Collections.Immutable.ImmutableArray<JobView>>(ListJobs.Instance, TimeSpan.FromSeconds(20)));
        Assert.Equal(0, told);
        jobs.Tell(new TellJobGrants(4, []));
        await Eventually(() => told > 0);
    }

    [Fact]
    public async Task A_difference_that_the_kernel_shows_is_written_once_and_stops_nothing_also_under_another_agent()
    {
        await using var agent = await Running(First);
        var run = (await Status(agent, "net")).Run!.Value;
        agent.Sandboxes.Differ(run, "CapEff has CAP_SYS_ADMIN");
        await agent.Until("shop", "net", s => s.Difference == "CapEff has CAP_SYS_ADMIN");
        await agent.Kill();
        await agent.Start();
        await agent.Until("shop", "net", s => s is { Phase: ProcessPhase.Running, Difference: not null });
        await Settled(agent);
        Assert.Equal(Fleet.Ledger.Outcome.Failed, agent.Stored().Single(r => r.Event is ProcessEvent.KernelDiffers).Envelope.Outcome);
        agent.Sandboxes.Differ(run, null);
        await agent.Until("shop", "net", s => s is { Phase: ProcessPhase.Running, Difference: null });
        Assert.Equal(["CapEff has CAP_SYS_ADMIN", null], agent.Stored<ProcessEvent.KernelDiffers>().Select(e => e.Difference));
    }

    private async Task<AgentFixture> Running(GrantId id, AtEnd atEnd = AtEnd.Stop)
    {
        var agent = await Begin(time: time);
        await Grant(agent, id, atEnd);
        await agent.Run(Spec);
        await agent.Until("shop", "web", ProcessPhase.Running);
        await agent.Until("shop", "net", ProcessPhase.Running);
        return agent;
    }

    private static async Task Grant(
        AgentFixture agent, GrantId id, AtEnd atEnd = AtEnd.Stop, DateTimeOffset? from = null, DateTimeOffset? until = null, JobSpec? content = null)
    {
        await Do(agent, id, new GrantCommand.Request(Text(Document(id, atEnd, from, until, content)), By("alice"), new Quorum(2, RequesterCounts: false)));
        await Do(agent, id, new GrantCommand.Approve(By("bob")));
        Assert.IsType<Grant.Active>((await Do(agent, id, new GrantCommand.Approve(By("carol")))).Grant);
    }

    private static async Task<GrantReply.Accepted> Do(AgentFixture agent, GrantId id, GrantCommand command) =>
        Assert.IsType<GrantReply.Accepted>(await agent.Grants.Ask<GrantReply>(new GrantMessage.Do(id, command, Because()), TimeSpan.FromSeconds(20)));

    // A change of another job goes the whole way to the host and back: what was sent before it has been heard by then.
    private static async Task Settled(AgentFixture agent)
    {
        var name = $"settle-{Guid.NewGuid():N}";
        await agent.Run(Job(name, Process("p")));
        await agent.Until(name, "p", ProcessPhase.Running);
    }

    private static Task<ProcessStatus> Status(AgentFixture agent, string process) => agent.Until("shop", process, _ => true);

    private static IEnumerable<SandboxRequest> Started(AgentFixture agent, string process) => agent.Sandboxes.Started.Where(r => r.Process.Name == process);

    private static GrantSignature By(string principal) => new(principal, $"SHA256:{principal}", "-----BEGIN SSH SIGNATURE-----");

    private static string Text(GrantDocument document) => Encoding.UTF8.GetString(GrantFormat.Write(document));

    private static GrantDocument Document(GrantId id, AtEnd atEnd = AtEnd.Stop, DateTimeOffset? from = null, DateTimeOffset? until = null, JobSpec? content = null) => new(
        1, id, "shop", "alice", "a network of its own", false, HostSelector.Of("web-1"), from ?? Noon, until ?? Noon.AddHours(1), PrivilegeSet.Of(content ?? Spec),
        null, new PrivilegedJob(Spec.Id, JobDigest.Of(content ?? Spec), atEnd));

    private sealed class NoJobs : Ledger.IJobIndex
    {
        public Task<IReadOnlyList<JobId>> Jobs() => Task.FromResult<IReadOnlyList<JobId>>([]);
    }

    private sealed class Counting : ReceiveActor
    {
        public Counting(Action count) => Receive<DesiredState>(_ => count());
    }
}
