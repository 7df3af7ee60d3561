using System.Collections.Concurrent;
using System.Diagnostics;
using Akka.Actor;
using Fleet.Actors.Jobs;
using Fleet.Actors.Telemetry;
using Fleet.Jobs;
using Fleet.Processes;
using Fleet.Sandboxes;
using static Fleet.Actors.Tests.AgentFixture;

namespace Fleet.Actors.Tests;

/// <summary>Alone: an <see cref="ActivityListener"/> hears every agent of the test process, and one test needs that nobody listens.</summary>
[CollectionDefinition(nameof(TraceTests), DisableParallelization = true)]
public sealed class Alone;

[Collection(nameof(TraceTests))]
public class TraceTests
{
    private static readonly JobId Shop = JobId.Parse("shop");

    [Fact]
    public async Task A_command_is_one_trace_from_who_asked_to_the_sandbox_that_runs()
    {
        using var heard = new Heard();
        await using var agent = await Begin();
        var asked = Asked();
        await agent.Accepted(new JobMessage.Submit(Job("shop", Process("web")), null, asked));
        await agent.Until("shop", "web", ProcessPhase.Running);
        await Eventually(() => heard.Of(asked).Contains("process.start_answered"));
        Assert.Equal(
            [
                "asked > job.run", "host.assign > journal.write", "host.assign > process.reconcile", "job.run > host.assign", "job.run > journal.write",
                "process.reconcile > journal.write", "process.reconcile > sandbox.start", "process.start_answered > journal.write",
                "sandbox.start > process.start_answered",
            ],
            heard.Edges(asked).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_stop_is_one_trace_to_the_recorded_end_of_the_run()
    {
        using var heard = new Heard();
        await using var agent = await Begin(sandboxes => sandboxes.Obeys = signal => signal == StopSignal.Quit);
        await agent.Run(Job("shop", Process("web")));
        await agent.Until("shop", "web", ProcessPhase.Running);
        var asked = Asked();
        await agent.Accepted(new JobMessage.Stop(Shop, asked));
        await agent.Until("shop", "web", ProcessPhase.Stopped);
        await Eventually(() => heard.Of(asked).Contains("process.seen"));
        Assert.Superset(
            new HashSet<string> { "asked > job.stop", "job.stop > host.assign", "host.assign > process.reconcile", "process.reconcile > sandbox.stop", "sandbox.stop > process.rung_over" },
            heard.Edges(asked));
        Assert.All(heard.Spans(asked), s => Assert.Equal(asked.CorrelationId.ToString(), s.GetTagItem(Telemetry.Spans.Correlation)));
        Assert.Equal(
            ["host/test-host", "job/default/shop", "process/test-host/shop:web"],
            heard.Spans(asked).Select(s => (string)s.GetTagItem(Telemetry.Spans.Stream)!).Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task What_ends_by_itself_begins_a_trace_of_its_own()
    {
        using var heard = new Heard();
        await using var agent = await Begin();
        var asked = Asked();
        await agent.Accepted(new JobMessage.Submit(Job("shop", Process("web")), null, asked));
        var run = (await agent.Until("shop", "web", ProcessPhase.Running)).Run!.Value;
        agent.Sandboxes.End(run, 3);
        await agent.Until("shop", "web", s => s.Phase == ProcessPhase.Running && s.Run != run);
        await Eventually(() => heard.All.Any(s => s.OperationName == "process.seen"));
        var seen = heard.All.First(s => s.OperationName == "process.seen");
        Assert.Equal(default, seen.ParentSpanId);
        Assert.NotEqual(asked.Trace.TraceId, seen.TraceId);
    }

    [Fact]
    public async Task A_write_that_fails_says_why_in_its_span_and_in_the_commands()
    {
        using var heard = new Heard();
        await using var agent = await Begin();
        await agent.Run(Job("shop", Process("web")));
        await agent.Until("shop", "web", ProcessPhase.Running);
        agent.Sql("CREATE TRIGGER full BEFORE INSERT ON journal BEGIN SELECT RAISE(FAIL, 'disk full'); END");
        var asked = Asked();
        await agent.Jobs.Ask<JobReply>(new JobMessage.Stop(Shop, asked), TimeSpan.FromSeconds(20));
        agent.Sql("DROP TRIGGER full");
        await Eventually(() => heard.Of(asked).Count() == 2);
        Assert.Equal(["asked > job.stop", "job.stop > journal.write"], heard.Edges(asked).Order(StringComparer.Ordinal));
        Assert.All(heard.Spans(asked), s => Assert.Equal(ActivityStatusCode.Error, s.Status));
        Assert.All(heard.Spans(asked), s => Assert.Contains("disk full", s.StatusDescription, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_refused_command_and_a_failed_start_have_the_reason_in_their_spans()
    {
        using var heard = new Heard();
        await using var agent = await Begin(sandboxes => sandboxes.OnStart = _ => new StartOutcome.Failed(new StartFailure(StartFailureCode.ExecutableMissing, "no /bin/x")));
        var asked = Asked();
        await agent.Accepted(new JobMessage.Submit(Job("shop", Process("web")), null, asked));
        await agent.Until("shop", "web", ProcessPhase.Failed);
        var refused = Asked();
        await agent.Jobs.Ask<JobReply>(new JobMessage.Revert(Shop, 7, refused), TimeSpan.FromSeconds(20));
        await Eventually(() => heard.Of(refused).Any() && heard.Of(asked).Contains("sandbox.start"));
        Assert.Equal("no /bin/x", heard.Spans(asked).Single(s => s.OperationName == "sandbox.start").StatusDescription);
        Assert.Contains("version 7", heard.Spans(refused).Single().StatusDescription, StringComparison.Ordinal);
    }

    [Fact]
    public void The_threads_own_activity_is_neither_parent_nor_replaced()
    {
        using var heard = new Heard();
        using var ambient = new Activity("ambient").Start();
        var span = Telemetry.Spans.Begin("x", default(ActivityContext), Guid.Empty, "s");
        Assert.Same(ambient, Activity.Current);
        Assert.NotEqual(ambient.TraceId, span!.TraceId);
        span.End();
        Assert.Same(ambient, Activity.Current);
    }

    [Fact]
    public void With_nobody_listening_nothing_is_made()
    {
        var cause = Asked();
        Assert.Null(Telemetry.Spans.Begin("x", cause, "s"));
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            var span = Telemetry.Spans.Begin("x", cause, "s");
            _ = cause.Under(span);
            span.End();
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static Fleet.Ledger.Cause Asked() => Because() with
    {
        Trace = new ActivityContext(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded),
    };

    private sealed class Heard : IDisposable
    {
        private readonly ActivityListener listener;

        public Heard()
        {
            listener = new ActivityListener
            {
                ShouldListenTo = source => source.Name == FleetMeter.Name,
                Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
                ActivityStopped = All.Enqueue,
            };
            ActivitySource.AddActivityListener(listener);
        }

        public ConcurrentQueue<Activity> All { get; } = new();

        public IEnumerable<Activity> Spans(Fleet.Ledger.Cause asked) => All.Where(s => s.TraceId == asked.Trace.TraceId);

        public IEnumerable<string> Of(Fleet.Ledger.Cause asked) => Spans(asked).Select(s => s.OperationName);

        /// <summary>As <c>parent > child</c>; the span that the asker had is called <c>asked</c>.</summary>
        public HashSet<string> Edges(Fleet.Ledger.Cause asked)
        {
            var names = Spans(asked).ToDictionary(s => s.SpanId, s => s.OperationName);
            names[asked.Trace.SpanId] = "asked";
            return [.. Spans(asked).Select(s => $"{names.GetValueOrDefault(s.ParentSpanId, "?")} > {s.OperationName}")];
        }

        public void Dispose() => listener.Dispose();
    }
}
