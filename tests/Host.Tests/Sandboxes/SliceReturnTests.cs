using Fleet.Host.Linux;
using Fleet.Hosts;
using Fleet.Jobs;
using Fleet.Processes;
using Fleet.Sandboxes;
using Fleet.Sandboxes.Driver;

namespace Fleet.Host.Tests.Sandboxes;

/// <summary>The slice of a stopped job, given to another.</summary>
public abstract class SliceReturnTests(SandboxHost host, string runtime) : SandboxTest(host, runtime)
{
    private static readonly SliceOf Web = new(Id.Job, 0);

    [SkippableFact]
    public void Of_a_job_that_keeps_nothing_nothing_is_owned_by_the_slice_and_its_logs_stay()
    {
        RunToEnd(Shell("echo said; mkdir -m 0 /tmp/closed; ln -s /var/vcap/sys/log/web/server.stdout.log /tmp/l; mkfifo /tmp/.p; chmod 0 /proc/self/fd/2") with { PersistentDisk = true });
        Assert.NotEmpty(Owned());
        Assert.Equal(Web, Driver.Return(Web).Returned);
        Assert.Empty(Owned());
        Assert.False(Directory.Exists(Settings.Paths.Data(Id.Job)));
        Assert.Equal("said\n", Stdout);
        Assert.Equal(Web, Driver.Return(Web).Returned);
    }

    [SkippableFact]
    public void The_next_job_of_the_slice_reads_nothing_of_the_old_one_and_the_old_one_starts_in_another()
    {
        RunToEnd(Shell("echo secret"));
        Assert.NotNull(Driver.Return(Web).Returned);
        var next = new ProcessId(JobId.Parse("next"), "server");
        RunToEnd(Shell("cat /var/vcap/sys/log/web/* /var/vcap/*/web/* 2>/dev/null; echo done"), r => r with { Process = next });
        Assert.Equal("done\n", File.ReadAllText(Settings.Paths.Stdout(next)));

        // Nor would it outside of its sandbox, with every id that it has.
        var ids = $"--reuid {Settings.SubIds.FirstUid + 1000} --regid {Settings.SubIds.FirstGid + IdSlices.JobGroup} --clear-groups";
        foreach (var path in new[] { Settings.Paths.Stdout(Id), Settings.Paths.Logs(Id.Job), Settings.Paths.Job(Id.Job) })
        {
            Assert.Throws<InvalidOperationException>(() => SandboxHost.Sh($"setpriv {ids} head -c 1 '{path}' || setpriv {ids} ls '{path}'"));
        }

        Assert.Equal("secret\nagain\n", Output(Shell("echo again; echo 1 > /tmp/x"), r => r with { Slice = 1 }));
    }

    [SkippableTheory]
    [InlineData("echo 1 > /var/vcap/store/web/file", "store/web/file")]
    [InlineData("mkdir -m 0 /var/vcap/data/web/.closed", "data/web/.closed")]
    [InlineData("echo 1 > /var/vcap/sys/log/web/access.log", "sys/log/web/access.log")]
    [InlineData("mkdir /var/vcap/sys/log/web/old", "sys/log/web/old")]
    [InlineData("ln -s /etc/passwd /var/vcap/sys/log/web/x.stdout.log", "sys/log/web/x.stdout.log")]
    public void What_a_job_keeps_holds_its_slice_and_is_left_alone(string keep, string what) => Holds(keep, what);

    protected void Holds(string keep, string what)
    {
        RunToEnd(Shell($"echo 1 > /tmp/file; {keep}") with { PersistentDisk = true, EphemeralDisk = true });
        var before = Owned();
        var answer = Driver.Return(Web);
        Assert.Null(answer.Returned);
        Assert.Equal(Id.Job, Assert.Single(answer.Held).Job);
        Assert.Contains(what, answer.Held[0].What);
        Assert.Equal(before, Owned());
    }

    [SkippableFact]
    public void A_job_of_which_something_runs_holds_its_slice_and_the_next_gives_its_own_back()
    {
        RunToEnd(Shell("true"), r => r with { Process = new ProcessId(JobId.Parse("next"), "server"), Slice = 1 });
        var request = Request(Shell("sleep 1000"));
        _ = Driver.Started(request);
        var answer = Driver.Return(Web, new SliceOf(JobId.Parse("next"), 1));
        Assert.Equal("next", answer.Returned?.Job.Name);
        Assert.Matches(@"^process \d+ of it has not ended$", Assert.Single(answer.Held).What);
        Driver.Remove(request.Run);
    }

    // Whatever of it was done, the job that starts again instead has lost nothing, and the slice can be given back later.
    [SkippableFact]
    public void Killed_at_any_instant_the_job_can_start_again_and_the_slice_be_given_back()
    {
        for (var delay = 0; delay <= 60; delay += 4)
        {
            RunToEnd(Shell("for i in $(seq 300); do echo > /tmp/$i; done") with { PersistentDisk = true });
            Driver.Send(new Order("return") { Idle = [Web] });
            Thread.Sleep(delay);
            KillDriver();
            File.Delete(Settings.Paths.Stdout(Id));
            var again = Shell("echo 1 > /tmp/new; echo 2 > /var/vcap/store/web/new; sleep 0.2; cat /tmp/new /var/vcap/store/web/new; rm /var/vcap/store/web/new");
            Assert.Equal("1\n2\n", Output(again with { PersistentDisk = true }));
            var answer = Driver.Return(Web);
            Assert.True(answer.Returned == Web, $"after {delay} ms: {answer}, {string.Join(", ", answer.Held)}");
            Assert.Empty(Owned());
            Assert.False(Directory.Exists(Settings.Paths.Returned(Id.Job)));
        }
    }

    // As of an agent whose host actor failed and came back, while the return that it had asked for went on.
    [SkippableFact]
    public void A_job_that_is_started_while_its_slice_is_given_back_has_its_data_its_tmp_and_its_group()
    {
        for (var delay = 0; delay <= 120; delay += 8)
        {
            RunToEnd(Shell("for i in $(seq 300); do echo > /tmp/$i; done") with { PersistentDisk = true, EphemeralDisk = true });
            File.Delete(Settings.Paths.Stdout(Id));
            var request = Request(Writer);
            var answers = Driver.Together(new Order("return") { Idle = [Web] }, new Order("start") { Request = request, DelayMs = delay });
            Assert.True(answers.Exists(a => a.StartsWith("Started", StringComparison.Ordinal)), $"after {delay} ms: {string.Join(", ", answers)}");
            _ = Driver.Exit(request.Run);
            Assert.True(Stdout == "1\n2\n3\n", $"after {delay} ms: {string.Join(", ", answers)}; {Stdout}{Stderr}");
            Assert.Superset(Groups.ToHashSet(), Owned().ToHashSet());
            Driver.Remove(request.Run);
        }
    }

    [SkippableFact]
    public void An_older_search_for_a_slice_leaves_a_job_alone_that_got_another_slice_since()
    {
        RunToEnd(Shell("true"));
        Assert.Equal(Web, Driver.Return(Web).Returned);
        SliceOf[] slow = [.. Enumerable.Range(0, 40).Select(i => new SliceOf(JobId.Parse($"held{i}"), 2))];
        foreach (var held in slow)
        {
            Directory.CreateDirectory($"{Settings.Paths.Store(held.Job)}/kept");
        }

        var request = Request(Writer) with { Slice = 1 };
        _ = Driver.Together(
            new Order("return") { Idle = [.. slow, Web] }, new Order("return") { DelayMs = 200 }, new Order("start") { Request = request, DelayMs = 200 });
        _ = Driver.Exit(request.Run);
        Assert.Equal("1\n2\n3\n", Stdout);
        Assert.True(Directory.Exists(Settings.Paths.Tmp(Id.Job)));
    }

    // Late enough for whatever is done to its folders just after its start; it keeps nothing in the end.
    private static ProcessSpec Writer => Shell(
        "sleep 0.4; cd /var/vcap; echo 1 > /tmp/new; echo 2 > store/web/new; echo 3 > data/web/new; cat /tmp/new store/web/new data/web/new; rm store/web/new data/web/new")
        with { PersistentDisk = true, EphemeralDisk = true };

    private IEnumerable<string> Groups => [Settings.Paths.Job(Id.Job), Settings.Paths.Logs(Id.Job), Settings.Paths.Data(Id.Job), Settings.Paths.Tmp(Id.Job)];

    // What of the job's folders belongs, by user or group, to slice 0.
    private string[] Owned() =>
    [
        .. Directory.EnumerateFileSystemEntries(Settings.Paths.Bosh, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })
            .Where(path => Files.Lstat(path, out _) is { } stat && (IsIn(stat.User, Settings.SubIds.FirstUid) || IsIn(stat.Group, Settings.SubIds.FirstGid)))
            .Order(StringComparer.Ordinal),
    ];

    private static bool IsIn(uint id, long first) => id >= first && id < first + IdSlices.Size;
}

public sealed class SliceReturnOverCrun(SandboxHost host) : SliceReturnTests(host, SandboxHost.Crun)
{
    // Over runc the log is not the job's own, and cannot be linked.
    [SkippableFact]
    public void A_second_name_of_its_log_holds_a_job_s_slice() =>
        Holds("ln /var/vcap/sys/log/web/server.stdout.log /var/vcap/sys/log/web/x.stdout.log", "stdout.log");
}

public sealed class SliceReturnOverRunc(SandboxHost host) : SliceReturnTests(host, SandboxHost.Runc);
