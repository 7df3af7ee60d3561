using System.Text.Json;
using Akka.Actor;
using Akka.Pattern;
using Akka.Persistence;
using Fleet.Actors.Jobs;
using Fleet.Actors.Ledger;
using Fleet.Jobs;
using Fleet.Ledger;
using Fleet.Processes;
using Microsoft.Data.Sqlite;
using static Fleet.Actors.Tests.AgentFixture;

namespace Fleet.Actors.Tests;

public class JournalTests
{
    [Fact]
    public async Task Every_stream_is_dense_and_every_envelope_says_where_it_stands()
    {
        await using var agent = await Begin();
        await agent.Run(Job("shop", Process("web")));
        await agent.Until("shop", "web", ProcessPhase.Running);
        foreach (var stream in agent.Stored().GroupBy(r => r.Envelope.Stream))
        {
            Assert.Equal(Enumerable.Range(1, stream.Count()).Select(n => (long)n), stream.Select(r => r.Envelope.Sequence));
        }

        var submitted = agent.Stored().Single(r => r.Event is JobEvent.Submitted).Envelope;
        Assert.Equal(("job/default/shop", "uid:1000(alice)", "so_peercred", "unix:42", "shop"), (submitted.Stream, submitted.Principal.Name, submitted.Principal.AuthenticatedBy, submitted.Origin, submitted.Subject));
    }

    [Fact]
    public async Task A_job_survives_the_agent_with_its_versions()
    {
        await using var agent = await Begin();
        await agent.Run(Job("shop", Process("web")));
        await agent.Run(Job("shop", Process("web") with { Args = ["x"] }));
        await agent.Kill();
        await agent.Start();
        var view = await agent.Accepted(new JobMessage.Get(JobId.Parse("shop")));
        Assert.Equal([1, 2], view.Versions.Select(v => v.Version));
        Assert.Equal("uid:1000(alice)", view.Current.By);
    }

    [Fact]
    public async Task The_ledgers_folder_may_have_any_name()
    {
        await using var agent = await Begin(prefix: "fleet-a\"b\\c $d-");
        await agent.Run(Job("shop", Process("web")));
        await agent.Until("shop", "web", ProcessPhase.Running);
        Assert.Single(agent.Stored<JobEvent.Submitted>());
    }

    [Theory]
    [InlineData("UPDATE journal SET message = x'7b7d' WHERE manifest = 'job.submitted.v1'", "job/default/shop")]
    [InlineData("UPDATE journal SET message = substr(message, 1, 40) WHERE manifest = 'process.started.v1'", "process/test-host/shop:web")]
    [InlineData("UPDATE journal SET message = CAST(replace(CAST(message AS TEXT), 'host.process_assigned.v1', 'host.process_assigned.v9') AS BLOB) WHERE manifest = 'host.process_assigned.v1'", "host/test-host")]
    [InlineData("UPDATE journal SET message = CAST(replace(CAST(message AS TEXT), '\"run\":true', '\"run\":true,\"root\":true') AS BLOB) WHERE manifest = 'host.process_assigned.v1'", "host/test-host")]
    [InlineData("UPDATE journal SET message = CAST(replace(CAST(message AS TEXT), 'process/test-host/shop:web', 'process/test-host/shop:db') AS BLOB) WHERE manifest = 'process.started.v1'", "process/test-host/shop:web")]
    [InlineData("DELETE FROM journal WHERE manifest = 'process.starting.v1'", "process/test-host/shop:web")]
    public async Task A_row_that_cannot_be_read_is_named_and_nothing_is_guessed(string damage, string stream)
    {
        await using var agent = await Begin();
        await agent.Run(Job("shop", Process("web")));
        await agent.Until("shop", "web", ProcessPhase.Running);
        await agent.Kill();
        agent.Sql(damage);
        await agent.Start(untilReady: false);
        for (var deadline = DateTime.UtcNow.AddSeconds(20); agent.Refused is null; await Task.Delay(10))
        {
            Assert.True(DateTime.UtcNow < deadline, "the damage went unnoticed");
        }

        Assert.Equal(stream, agent.Refused.Stream);
        Assert.Single(agent.Sandboxes.Started);
    }

    [Fact]
    public async Task A_write_that_fails_is_refused_and_later_ones_succeed()
    {
        await using var agent = await Begin();
        await agent.Run(Job("shop", Process("web")));
        await agent.Until("shop", "web", ProcessPhase.Running);
        agent.Sql("CREATE TRIGGER full BEFORE INSERT ON journal BEGIN SELECT RAISE(FAIL, 'disk full'); END");
        var refused = Assert.IsType<JobReply.Refused>(await agent.Jobs.Ask<JobReply>(new JobMessage.Stop(JobId.Parse("shop"), Because()), TimeSpan.FromSeconds(20)));
        Assert.Equal(RefusalCode.Unavailable, refused.Refusal.Code);
        Assert.Contains("nothing was done: ", refused.Refusal.Message, StringComparison.Ordinal);
        Assert.Contains("disk full", refused.Refusal.Message, StringComparison.Ordinal);
        agent.Sql("DROP TRIGGER full");
        await agent.Accepted(new JobMessage.Stop(JobId.Parse("shop"), Because()));
        await agent.Until("shop", "web", ProcessPhase.Stopped);
    }

    [Fact]
    public async Task Of_writes_that_were_given_up_the_begun_one_is_taken_up_however_late_and_the_waiting_one_is_dropped()
    {
        await using var agent = await Begin(akka: "akka.persistence.journal.fleet { circuit-breaker.call-timeout = 2s, recovery-event-timeout = 2s }");
        var (begun, waiting) = (Job("begun", Process("web")), Job("waiting", Process("web")));
        using (agent.LockJournal())
        {
            foreach (var job in new[] { begun, waiting })
            {
                var refused = Assert.IsType<JobReply.Refused>(await agent.Jobs.Ask<JobReply>(new JobMessage.Submit(job, null, Because()), TimeSpan.FromSeconds(20)));
                Assert.StartsWith("it is not known whether the event is or will be written", refused.Refusal.Message, StringComparison.Ordinal);
            }

            await Eventually(() => agent.Refused is not null); // A recovery waits, and is given up too.
            Assert.True(agent.Refused!.MayPass, $"{agent.Refused.Reason}");
        }

        await agent.Until("begun", "web", ProcessPhase.Running);
        Assert.Equal(["begun"], agent.Stored<JobEvent.Submitted>().Select(e => e.Spec.Id.Name));
        await agent.Accepted(new JobMessage.Stop(begun.Id, Because()));
        Assert.Single((await agent.Run(waiting)).Versions);
    }

    public static TheoryData<Exception, bool> Reasons => new()
    {
        { new RecoveryTimedOutException("no event in 30 s"), true },
        { new OpenCircuitException(new InvalidOperationException("the last failure")), true },
        { new AggregateException(new TimeoutException()), true },
        { new SqliteException("disk I/O error", 10), true },
        { new JsonException("a row"), false },
        { new InvalidDataException("rows were moved"), false },
    };

    [Theory]
    [MemberData(nameof(Reasons))]
    public void A_recovery_that_the_database_failed_may_pass_and_one_that_a_row_failed_may_not(Exception reason, bool passes) =>
        Assert.Equal(passes, new RecoveryRefused("job/default/shop", 1, reason).MayPass);

    [Fact]
    public async Task A_process_that_ends_while_the_journal_is_full_is_recorded_once_it_is_not()
    {
        await using var agent = await Begin();
        await agent.Run(Job("shop", Process("web")));
        var run = (await agent.Until("shop", "web", ProcessPhase.Running)).Run!.Value;
        agent.Sql("CREATE TRIGGER full BEFORE INSERT ON journal BEGIN SELECT RAISE(FAIL, 'disk full'); END");
        agent.Sandboxes.End(run, 7);
        await Task.Delay(300);
        Assert.DoesNotContain(run, agent.Sandboxes.Removed);
        agent.Sql("DROP TRIGGER full");
        await agent.Until("shop", "web", s => s.Phase == ProcessPhase.Running && s.Run != run);
        Assert.Equal(7, agent.Stored<ProcessEvent.Exited>().Single().Exit.Code);
    }
}
