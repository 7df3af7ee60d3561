using System.Diagnostics;
using System.Globalization;
using Fleet.Processes;
using Fleet.RootTasks;
using static Fleet.RootHelper.Tests.HelperHost;

namespace Fleet.RootHelper.Tests;

/// <summary>Root's door where there is no systemd: whoever of those that keep it open is killed, it is open as long as its agent is there, and shut when that is gone.</summary>
public sealed class KeeperTests : IClassFixture<Keys>, IDisposable
{
    private readonly JobHost jobs;
    private readonly Process agent = Process.Start("/bin/sleep", "600");
    private readonly Process keeper;

    public KeeperTests(Keys keys)
    {
        jobs = new JobHost(keys);
        Host.KillListener();
        keeper = Host.Keep("--while", Text(agent.Id));
        _ = keeper.StandardError.ReadToEndAsync();
        AwaitServing();
    }

    private HelperHost Host => jobs.Host;

    public void Dispose()
    {
        foreach (var process in (Process[])[agent, keeper])
        {
            process.Kill();
            process.WaitForExit();
            process.Dispose();
        }

        Leftovers.Await(() => All().Length == 0, "of a listener without agent and keeper something is left");
        Host.Start(); // What is left of jobs only a helper removes.
        jobs.Dispose();
    }

    [Fact]
    public void A_listener_that_is_killed_at_any_moment_is_back_and_serves()
    {
        var random = new Random(20261126);
        for (var round = 0; round < 6; round++)
        {
            KillListener(random.Next(0, 40));
        }

        AwaitServing();
        Host.AssertUnharmed();
        Assert.False(keeper.HasExited);
    }

    [Fact]
    public void What_ran_under_a_killed_listener_runs_to_its_end_and_gets_its_receipt()
    {
        var marker = Leftovers.Marker();
        using var socket = Host.Begin(Host.Signed(Grant("/bin/sh", "-c", $"sleep {marker} & sleep 2; echo done"), "bob"));
        Leftovers.AwaitProcess(marker);

        KillListener();
        AwaitServing();

        var answer = Answer.Read(socket);
        Assert.Equal(("done\n", 0), (answer.Stdout, answer.Receipt!.ExitCode));
        Leftovers.AssertGone(marker);
    }

    [Fact]
    public void A_job_goes_on_over_it_with_its_clock_and_is_stopped_by_the_next()
    {
        var marker = Leftovers.Marker();
        var job = JobHost.Job($"trap '' TERM; sleep {marker} & wait; wait", "run_as_root");
        job = job with { Processes = [job.Processes[0] with { Stop = StopLadder.Parse("TERM/1s/KILL") }] };
        var request = jobs.Request(job, JobHost.Grant(job) with { NotAfter = DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 10) });
        Assert.NotNull(jobs.Ask(request).Started);
        Leftovers.AwaitProcess(marker);

        KillListener();
        AwaitServing();
        Assert.NotEmpty(Leftovers.Processes(marker));

        Assert.Equal(137, jobs.Exit(request.Id));
        Leftovers.AssertGone(marker);
        jobs.AssertNothingLeft(request.Id);
        Assert.Equal(RootEnd.GrantOver, Host.Log().Last(e => e.Run == request.Id).How);
    }

    [Fact]
    public void With_the_agent_all_of_it_goes()
    {
        agent.Kill();

        AssertShut();
    }

    [Fact]
    public void Also_where_the_listener_was_killed_before_and_left_its_socket()
    {
        for (var kills = 0; kills < 4; kills++)
        {
            KillListener(); // so that the next is some time away
        }

        agent.Kill();

        AssertShut();
    }

    [Fact]
    public void Also_where_the_listener_does_not_hear_of_it()
    {
        Tool.Run("/bin/kill", "-s", "STOP", Text(Listener()));

        agent.Kill();

        AssertShut();
    }

    [Fact]
    public void Killed_itself_it_leaves_a_listener_that_serves_and_ends_with_the_agent()
    {
        keeper.Kill();
        keeper.WaitForExit();
        Assert.Equal("here\n", Host.Run(Grant("/bin/echo", "here")).Stdout);

        agent.Kill();

        Leftovers.Await(() => All().Length == 0 && !File.Exists(Host.Socket), "it listens still");
    }

    [Fact]
    public void Without_a_policy_it_is_back_all_the_same_to_refuse_and_with_one_it_serves()
    {
        File.Delete($"{Host.Root}/policy.json");
        KillListener();
        Leftovers.Await(Answers, "nobody listens");
        Assert.Equal(RootDenial.PolicyUnusable, Host.Run(Grant("/bin/echo", "here")).Refusal!.Code);

        Host.Set(jobs.Policy);
        Host.AssertUnharmed();
    }

    [Fact]
    public void What_keeps_it_from_listening_is_tried_again_until_it_is_out_of_the_way()
    {
        File.Delete(Host.Socket);
        Directory.CreateDirectory(Host.Socket);
        KillListener();
        Thread.Sleep(1000);
        Assert.False(keeper.HasExited);

        Directory.Delete(Host.Socket);

        AwaitServing();
        Host.AssertUnharmed();
    }

    [Fact]
    public void One_of_another_agent_waits_for_its_place_and_leaves_the_first_ones_socket_alone()
    {
        using var other = Process.Start("/bin/sleep", "600");
        using var second = Host.Keep("--while", Text(other.Id));
        Assert.Contains("another listens", second.StandardError.ReadLine(), StringComparison.Ordinal);

        other.Kill();

        second.WaitForExit();
        Assert.Equal(0, second.ExitCode);
        Assert.Equal("here\n", Host.Run(Grant("/bin/echo", "here")).Stdout);
    }

    // A disk that is full, a descriptor that is closed, and a pipe that is full and read by nobody.
    [Theory]
    [InlineData("exec \"$0\" \"$@\" 2>/dev/full")]
    [InlineData("exec \"$0\" \"$@\" 2>&-")]
    [InlineData("mkfifo \"$FIFO\"; exec 2<>\"$FIFO\"; dd if=/dev/zero of=\"$FIFO\" bs=4096 count=16 oflag=nonblock 2>/dev/null; exec \"$0\" \"$@\"")]
    public void Where_nothing_can_be_said_it_serves_without_a_word(string script)
    {
        using var other = Process.Start("/bin/sleep", "600");
        agent.Kill();
        AssertShut();
        var start = new ProcessStartInfo("/bin/sh", ["-c", script, Tool.Helper, "--keep", "--group", Text(Agent), "--prefix", Host.Prefix, "--while", Text(other.Id)]);
        start.Environment["FIFO"] = $"{Host.Prefix}/fifo";
        using var mute = Process.Start(start)!;

        Leftovers.Await(Answers, "nobody listens");
        KillListener(of: mute.Id);
        AwaitServing();

        other.Kill();
        mute.WaitForExit();
        Assert.Equal((0, false), (mute.ExitCode, File.Exists(Host.Socket)));
    }

    [Theory]
    [InlineData]
    [InlineData("--while")]
    [InlineData("--while", "0")]
    [InlineData("--while", "1", "more")]
    public void Other_words_are_refused(params string[] words)
    {
        using var wrong = Host.Keep(words);

        wrong.WaitForExit();
        Assert.Equal(2, wrong.ExitCode);
        Assert.StartsWith("fleet-root-helper: usage:", wrong.StandardError.ReadToEnd(), StringComparison.Ordinal);
    }

    private void AssertShut()
    {
        Leftovers.Await(() => keeper.HasExited, "it goes on without its agent");
        Assert.Equal(0, keeper.ExitCode);
        Assert.Empty(All());
        Assert.False(File.Exists(Host.Socket));
    }

    private void AwaitServing()
    {
        Leftovers.Await(Answers, "nobody listens");
        Assert.Equal("here\n", Host.Run(Grant("/bin/echo", "here")).Stdout);
    }

    private bool Answers()
    {
        try
        {
            Host.Connect().Dispose();
            return true;
        }
        catch (Exception e) when (e is System.Net.Sockets.SocketException or IOException or InvalidOperationException)
        {
            return false;
        }
    }

    private void KillListener(int after = 0, int? of = null)
    {
        var listener = 0;
        Leftovers.Await(() => (listener = Listener(of)) != 0, "no listener is started again");
        Thread.Sleep(after);
        Kill(listener);
        Leftovers.Await(() => Listener(of) != listener, "it lives");
    }

    /// <summary>0: there is none now.</summary>
    private int Listener(int? of = null) => ListenersOf(of ?? keeper.Id).SingleOrDefault();

    private static int[] ListenersOf(int keeper)
    {
        try
        {
            return [.. File.ReadAllText($"/proc/{keeper}/task/{keeper}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(pid => int.Parse(pid, CultureInfo.InvariantCulture))];
        }
        catch (IOException)
        {
            return [];
        }
    }

    /// <summary>Every process of the helper on this host.</summary>
    private int[] All() => Leftovers.Processes(Host.Prefix);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
