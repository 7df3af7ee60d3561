using System.Text;
using Fleet.RootTasks;
using static Fleet.RootHelper.Tests.HelperHost;

namespace Fleet.RootHelper.Tests;

/// <summary>Uses are burnt once, and what cannot be written down does not happen.</summary>
public sealed class RecordTests(Keys keys) : IClassFixture<Keys>, IDisposable
{
    private readonly HelperHost host = new(keys);

    public void Dispose() => host.Dispose();

    [Fact]
    public void A_use_is_had_once_in_a_row_and_after_a_restart()
    {
        var run = host.Signed(Grant("/bin/echo", "once"), "bob");
        Assert.Equal("once\n", host.Ask(run).Stdout);
        Assert.Equal(RootDenial.UseTaken, host.Ask(run).Refusal?.Code);

        host.KillListener();
        host.Start();

        Assert.Equal(RootDenial.UseTaken, host.Ask(run).Refusal?.Code);
    }

    [Fact]
    public void Of_ten_who_ask_at_once_one_has_it()
    {
        var run = host.Signed(Grant("/bin/echo", "once"), "bob");

        var answers = Enumerable.Range(0, 10).AsParallel().WithDegreeOfParallelism(10).Select(_ => host.Ask(run)).ToList();

        Assert.Single(answers, a => a.Stdout == "once\n");
        Assert.Equal(Enumerable.Repeat<RootDenial?>(RootDenial.UseTaken, 9), answers.Where(a => a.Stdout.Length == 0).Select(a => a.Refusal?.Code));
        Assert.Single(host.Log(), e => e.What == RootAct.Starting);
    }

    [Fact]
    public void As_many_uses_as_were_granted_are_had()
    {
        var run = host.Signed(Grant(t => t with { UsesPerHost = 3 }, "/bin/true"), "bob");

        Assert.All(Enumerable.Range(1, 3), use => Assert.Null(host.Ask(run with { Use = use }).Refusal));
        Assert.Equal(RootDenial.NoSuchUse, host.Ask(run with { Use = 4 }).Refusal?.Code);
    }

    [Fact]
    public void Of_too_many_refusals_in_an_hour_the_log_has_the_number_and_all_that_runs()
    {
        while (DateTimeOffset.UtcNow is { Minute: 59, Second: > 30 })
        {
            Thread.Sleep(1000);
        }

        var hour = DateTimeOffset.UtcNow.ToUnixTimeSeconds() / 3600;
        var unsigned = host.Signed(Grant("/bin/true"));
        host.Ask(unsigned);
        File.WriteAllText($"{host.State}/refusals", $"{hour} 299");

        Assert.All(Enumerable.Range(0, 4), _ => Assert.Equal(RootDenial.TooFewSigners, host.Ask(unsigned).Refusal?.Code));
        Assert.Equal(0, host.Run(Grant("/bin/true")).Receipt?.ExitCode);

        Assert.Equal([RootAct.Denied, RootAct.Denied, RootAct.Omitted, RootAct.Starting, RootAct.Ended], host.Log().Select(e => e.What));

        File.WriteAllText($"{host.State}/refusals", $"{hour - 1} 303");
        host.Ask(new RootRequest.Log(0));
        host.Ask(unsigned);
        Assert.Equal([RootAct.Omitted, RootAct.Denied], host.Log()[^2..].Select(e => e.What));
        Assert.StartsWith($"3 refusals of the hour from {DateTimeOffset.FromUnixTimeSeconds(3600 * (hour - 1)):yyyy-MM-dd HH}:00Z", host.Log()[^2].Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void A_clock_that_was_set_back_opens_nothing()
    {
        host.Run(Grant("/bin/true"));
        var last = host.Log()[^1];
        var future = last with { Number = last.Number + 1, Previous = Digest.Of(RootLogEntry.Write(last)), Latest = DateTimeOffset.UtcNow.AddHours(1) };
        File.AppendAllText($"{host.State}/log", Encoding.UTF8.GetString(RootLogEntry.Write(future)));

        Assert.Equal(RootDenial.ClockWentBack, host.Run(Grant("/bin/true")).Refusal?.Code);
    }

    [Fact]
    public void A_log_that_was_taken_away_or_is_no_log_stops_everything()
    {
        host.Run(Grant("/bin/true"));
        var log = $"{host.State}/log";
        File.Move(log, $"{log}.1");
        Assert.Equal(RootDenial.LogUnwritable, host.Run(Grant("/bin/true")).Refusal?.Code);
        File.WriteAllText(log, "not a log\n");
        Assert.Equal(RootDenial.LogUnwritable, host.Run(Grant("/bin/true")).Refusal?.Code);
        File.Delete(log);
        File.CreateSymbolicLink(log, $"{log}.1");
        Assert.Equal(RootDenial.LogUnwritable, host.Run(Grant("/bin/true")).Refusal?.Code);

        File.Delete(log);
        File.Move($"{log}.1", log);
        host.AssertUnharmed();
    }

    [Fact]
    public void An_emptied_log_is_as_good_as_none()
    {
        host.Run(Grant("/bin/true"));
        File.WriteAllText($"{host.State}/log", "");

        Assert.Equal(RootDenial.LogUnwritable, host.Run(Grant("/bin/true")).Refusal?.Code);
    }

    [Fact]
    public void The_log_begins_with_the_policy_and_the_key_by_which_receipts_are_signed()
    {
        host.Run(Grant("/bin/true"));

        var first = host.Whole()[0];
        Assert.Equal((RootAct.PolicyChanged, $"the log begins; receipts are signed by {File.ReadAllText($"{host.State}/key.pub").Trim()}"), (first.What, first.Detail));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(6000)]
    public void A_last_line_that_was_cut_off_was_never_written(int more)
    {
        host.Run(Grant("/bin/true"));
        File.AppendAllText($"{host.State}/log", "{\"number\":3,\"prev" + new string('x', more));

        host.Run(Grant("/bin/true"));

        Assert.Equal(4, host.Log().Length);
        host.AssertUnharmed();
    }

    [Fact]
    public void After_the_longest_line_the_next_follows()
    {
        host.Run(Grant("/bin/true"));
        var (log, last) = ($"{host.State}/log", host.Log()[^1]);
        var line = Digest.Of(Encoding.UTF8.GetBytes(Tool.Run("/usr/bin/tail", "-n", "1", log)));
        File.AppendAllText(log, Encoding.UTF8.GetString(RootLogEntry.Write(last with { Number = last.Number + 1, Previous = line, Detail = new string('\u00e9', RootLogEntry.LongestDetail) })));

        host.Run(Grant("/bin/true"));

        Assert.Equal(5, host.Log().Length);
    }

    [Fact]
    public void On_a_full_disk_nothing_runs()
    {
        host.KillListener();
        Tool.Run("/bin/mount", "-t", "tmpfs", "-o", "size=64k,mode=700", "tmpfs", host.State);
        try
        {
            host.Start();
            host.Run(Grant("/bin/true"));
            var entries = host.Log().Length;
            Fill($"{host.State}/filler");
            var run = host.Signed(Grant(t => t with { UsesPerHost = 50 }, "/bin/true"), "bob");

            // The log's last block has some room; then there is none.
            var answers = Enumerable.Range(1, 50).Select(use => host.Ask(run with { Use = use })).ToList();

            Assert.Contains(answers, a => a.Refusal?.Code == RootDenial.LogUnwritable);
            var ran = answers.Count(a => a.Started is not null);
            Assert.Equal(ran, host.Log()[entries..].Count(e => e.What == RootAct.Starting));
            File.Delete($"{host.State}/filler");
            Assert.Equal("again\n", host.Run(Grant("/bin/echo", "again")).Stdout);
        }
        finally
        {
            host.KillListener();
            Tool.Run("/bin/umount", host.State);
        }
    }

    [Fact]
    public void The_agent_can_read_the_log_from_where_it_was()
    {
        host.Run(Grant("/bin/true"));
        host.Run(Grant("/bin/true"));

        var lines = File.ReadAllLines($"{host.State}/log");
        Assert.Equal(string.Join('\n', lines[1..]) + "\n", Encoding.UTF8.GetString(host.Ask(new RootRequest.Log(1)).Log));
        Assert.Empty(host.Ask(new RootRequest.Log(5)).Log);
    }

    private static void Fill(string path)
    {
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        try
        {
            for (var block = new byte[512]; ;)
            {
                file.Write(block);
            }
        }
        catch (IOException)
        {
            // Full.
        }
    }
}
