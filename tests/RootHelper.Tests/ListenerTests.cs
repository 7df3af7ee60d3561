using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using Fleet.RootTasks;
using static Fleet.RootHelper.Tests.HelperHost;

namespace Fleet.RootHelper.Tests;

/// <summary>The listener that `fleet up` starts: there as long as its agent is, and no longer.</summary>
public sealed class ListenerTests : IClassFixture<Keys>, IDisposable
{
    private readonly HelperHost host;
    private readonly Process agent = Process.Start("/bin/sleep", "600");

    public ListenerTests(Keys keys)
    {
        host = new HelperHost(keys);
        host.KillListener();
        host.Start("--while", Text(agent.Id));
    }

    public void Dispose()
    {
        agent.Kill();
        agent.Dispose();
        host.Dispose();
    }

    [Fact]
    public void It_ends_with_its_agent_and_takes_its_socket_along()
    {
        Assert.Equal("here\n", host.Run(Grant("/bin/echo", "here")).Stdout);
        Assert.Null(host.ListenerEnd);

        agent.Kill();

        Leftovers.Await(() => host.ListenerEnd is not null, "it listens still");
        Assert.Equal(0, host.ListenerEnd);
        Assert.False(File.Exists(host.Socket));
    }

    [Fact]
    public void What_runs_then_runs_to_its_end_and_gets_its_receipt()
    {
        var marker = Leftovers.Marker();
        using var socket = host.Begin(host.Signed(Grant("/bin/sh", "-c", $"sleep {marker} & sleep 1; echo done"), "bob"));
        Leftovers.AwaitProcess(marker);

        agent.Kill();
        Leftovers.Await(() => host.ListenerEnd is not null, "it listens still");

        var answer = Answer.Read(socket);
        Assert.Equal(("done\n", 0), (answer.Stdout, answer.Receipt!.ExitCode));
        Leftovers.AssertGone(marker);
    }

    [Fact]
    public void What_nobody_waits_for_when_a_stopped_listener_goes_on_is_refused_and_burns_nothing()
    {
        var grant = Grant("/bin/true");
        Tool.Run("/bin/kill", "-STOP", Text(host.ListenerPid));
        host.Begin(host.Signed(grant, "bob")).Dispose();
        Tool.Run("/bin/kill", "-CONT", Text(host.ListenerPid));

        Leftovers.Await(() => host.Log() is [{ Denial: RootDenial.Withdrawn }], "it is not refused");
        Assert.Empty(Directory.GetFiles($"{host.State}/uses"));
        Assert.Equal(0, host.Run(grant).Receipt?.ExitCode);
    }

    [Fact]
    public void For_an_agent_that_is_gone_it_does_not_listen_at_all()
    {
        host.KillListener();
        using var gone = Process.Start("/bin/true");
        gone.WaitForExit();

        using var listener = host.Listen("--while", Text(gone.Id));

        listener.WaitForExit();
        Assert.Equal(0, listener.ExitCode);
        Assert.False(File.Exists(host.Socket));
    }

    [Fact]
    public void A_second_one_does_not_take_the_first_ones_place()
    {
        using var second = host.Listen();

        second.WaitForExit();
        Assert.Equal((2, $"fleet-root-helper: another listens at {host.Socket}\n"), (second.ExitCode, second.StandardError.ReadToEnd()));
        Assert.Equal("here\n", host.Run(Grant("/bin/echo", "here")).Stdout);
    }

    [Fact]
    public void One_that_comes_while_another_ends_waits_for_its_place()
    {
        using var next = host.Listen();
        Thread.Sleep(200);

        agent.Kill();

        Assert.Contains("listening", next.StandardError.ReadLine(), StringComparison.Ordinal);
        using (var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            socket.Connect(new UnixDomainSocketEndPoint(host.Socket));
        }

        next.Kill();
    }

    [Theory]
    [InlineData("--while")]
    [InlineData("--while", "0")]
    [InlineData("--while", "-1")]
    [InlineData("--while", "1", "more")]
    public void Other_words_are_refused(params string[] words)
    {
        using var listener = host.Listen(words);

        listener.WaitForExit();
        Assert.Equal(2, listener.ExitCode);
        Assert.StartsWith("fleet-root-helper: usage:", listener.StandardError.ReadToEnd(), StringComparison.Ordinal);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
