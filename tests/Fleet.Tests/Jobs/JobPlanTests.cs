using Fleet.Jobs;
using Fleet.Processes;

namespace Fleet.Tests.Jobs;

public sealed class JobPlanTests
{
    private static readonly ProcessSpec Web = new() { Name = "web", Executable = "/bin/web", Args = ["-p", "80"] };
    private static readonly ProcessSpec Worker = new() { Name = "worker", Executable = "/bin/worker" };
    private static readonly JobFile Config = new("config/web.conf", 0b110_100_100, Digest.Of("a"));

    [Fact]
    public void A_job_that_does_not_exist_would_be_created_with_all_its_processes()
    {
        var plan = Plan(null, 0, false, Job(Web, Worker));
        Assert.Equal((JobChange.Create, 0L, null), (plan.Change, plan.CheckIndex, plan.CurrentDigest));
        Assert.Equal([("web", ProcessAction.Add, false), ("worker", ProcessAction.Add, false)], Actions(plan));
    }

    [Fact]
    public void The_same_content_changes_nothing()
    {
        var plan = Plan(Job(Web), 4, true, Job(Web));
        Assert.Equal((JobChange.None, 4L), (plan.Change, plan.CheckIndex));
        Assert.Equal([("web", ProcessAction.Keep, false)], Actions(plan));
    }

    [Fact]
    public void The_same_content_starts_a_stopped_job() => Assert.Equal(JobChange.Start, Plan(Job(Web), 4, false, Job(Web)).Change);

    [Fact]
    public void A_changed_process_restarts_and_the_others_stay()
    {
        var plan = Plan(Job(Web, Worker), 1, true, Job(Web with { Args = ["-p", "81"] }, Worker));
        Assert.Equal(JobChange.Update, plan.Change);
        Assert.Equal([("web", ProcessAction.Change, true), ("worker", ProcessAction.Keep, false)], Actions(plan));
        Assert.Equal(new KeyChange("args[1]", "80", "81"), Assert.Single(plan.Processes[0].Keys));
    }

    [Fact]
    public void A_stopped_job_restarts_nothing() =>
        Assert.Equal([("web", ProcessAction.Change, false)], Actions(Plan(Job(Web), 1, false, Job(Web with { Executable = "/bin/other" }))));

    [Fact]
    public void A_process_that_the_file_no_longer_has_is_removed() =>
        Assert.Equal(
            [("web", ProcessAction.Keep, false), ("worker", ProcessAction.Remove, false)], Actions(Plan(Job(Web, Worker), 1, true, Job(Web))));

    [Fact]
    public void A_changed_file_changes_every_process_as_all_see_it()
    {
        var plan = Plan(
            Job(Web, Worker) with { Files = [Config] }, 1, true, Job(Web, Worker) with { Files = [Config with { Content = Digest.Of("b") }] });
        Assert.All(plan.Processes, p => Assert.Equal((ProcessAction.Change, true), (p.Action, p.Restarts)));
        Assert.Equal("files.config/web.conf.content", Assert.Single(plan.Files).Path);
    }

    [Fact]
    public void What_no_grant_covers_stands_in_the_plan()
    {
        var asks = Worker with { Capabilities = ["NET_ADMIN"], Unsafe = new Unsafe(false, [], HostPidNamespace: true) };
        var missing = Assert.Single(Assert.IsType<JobCover.Missing>(Plan(null, 0, false, Job(Web, asks)).Cover).Processes);
        Assert.Equal(("worker", "capability:NET_ADMIN host_pid_namespace"), (missing.Process, missing.Privileges.ToString()));
    }

    [Fact]
    public void Differences_are_by_key_and_name_not_by_place()
    {
        var changes = JobDiff.Between(Job(Web), Job(Worker, Web with { Limits = new Limits { Memory = 1024 } }));
        Assert.Contains(new KeyChange("processes.web.limits.memory", null, "1024"), changes);
        Assert.Contains(new KeyChange("processes.worker.executable", null, "/bin/worker"), changes);
        Assert.DoesNotContain(changes, c => c.Path.StartsWith("processes.web.args", StringComparison.Ordinal));
    }

    [Fact]
    public void Contents_with_other_digests_never_show_as_equal()
    {
        Assert.NotEqual(JobDigest.Of(Job(Web, Worker)), JobDigest.Of(Job(Worker, Web)));
        Assert.Equal(new KeyChange("processes (order)", "web, worker", "worker, web"), Assert.Single(JobDiff.Between(Job(Web, Worker), Job(Worker, Web))));
        Assert.Empty(JobDiff.Between(Job(Web), Job(Web)));
    }

    private static JobPlan Plan(JobSpec? current, long generation, bool runs, JobSpec wanted) =>
        JobPlan.Of(current, generation, runs, wanted, GrantCheck.Cover(wanted, [], "web-1", DateTimeOffset.UnixEpoch));

    private static JobSpec Job(params ProcessSpec[] processes) => new(JobId.Parse("web"), [.. processes], []);

    private static IEnumerable<(string, ProcessAction, bool)> Actions(JobPlan plan) => plan.Processes.Select(p => (p.Process, p.Action, p.Restarts));
}
