using Fleet.Grants;
using Fleet.Privileges;
using Fleet.RootTasks;
using static Fleet.RootHelper.Tests.HelperHost;

namespace Fleet.RootHelper.Tests;

/// <summary>A task ends with all that it started, whatever the reason, and leaves nothing.</summary>
public sealed class EndTests(Keys keys) : IClassFixture<Keys>, IDisposable
{
    private readonly HelperHost host = new(keys);
    private readonly string marker = Leftovers.Marker();

    public void Dispose() => host.Dispose();

    public static TheoryData<string> Kinds => ["container", "host pids", "unconfined"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void At_its_deadline_the_whole_tree_is_dead_also_what_has_daemonised(string kind)
    {
        var grant = Sleeper(kind, t => t with { TimeoutSeconds = 1 }, $"(setsid sleep {marker} >/dev/null 2>&1 &) ; sleep {marker}");

        var answer = host.Run(grant);

        Assert.Equal(RootEnd.Timeout, answer.Receipt!.How);
        AssertNothingLeft(grant);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void When_it_ends_by_itself_what_it_left_behind_ends_too(string kind)
    {
        var grant = Sleeper(kind, t => t, $"(setsid sleep {marker} >/dev/null 2>&1 &) ; (setsid sh -c 'setsid sleep {marker} & disown' >/dev/null 2>&1 &); exit 3");

        var answer = host.Run(grant);

        Assert.Equal((3, RootEnd.Exited), (answer.Receipt!.ExitCode, answer.Receipt.How));
        AssertNothingLeft(grant);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void When_who_asked_for_it_is_gone_it_ends(string kind)
    {
        var grant = Sleeper(kind, t => t, $"sleep {marker}");
        using (host.Begin(host.Signed(grant, "bob")))
        {
            Leftovers.AwaitProcess(marker);
        }

        AssertNothingLeft(grant);
        Leftovers.Await(() => host.Log()[^1].What == RootAct.Ended, "its end is not in the log");
        Assert.Equal(RootEnd.Cancelled, host.Log()[^1].How);
    }

    [Fact]
    public void A_word_ends_it_and_the_receipt_still_comes()
    {
        using var socket = host.Begin(host.Signed(Sleeper("container", t => t, $"sleep {marker}"), "bob"));
        Leftovers.AwaitProcess(marker);
        socket.Send(Cancel);

        Assert.Equal((RootEnd.Cancelled, 137), Answer.Read(socket).Receipt is { } receipt ? (receipt.How, receipt.ExitCode) : default);
    }

    [Fact]
    public void Taken_back_before_it_begins_it_burns_nothing_and_can_be_had_again()
    {
        var run = host.Signed(Grant("/bin/echo", "here"), "bob");
        var request = RootRequest.Write(run);
        var head = new byte[RootFrames.HeadLength];
        RootFrames.WriteHead(head, RootFrame.Request, request.Length);
        using var socket = host.Connect();
        socket.Send([.. head, .. request, .. Cancel]);

        Assert.Equal(RootDenial.Withdrawn, Answer.Read(socket).Refusal?.Code);
        Assert.Empty(Directory.GetFiles($"{host.State}/uses"));
        Assert.Equal("here\n", host.Ask(run).Stdout);
    }

    private static byte[] Cancel
    {
        get
        {
            var cancel = new byte[RootFrames.HeadLength];
            RootFrames.WriteHead(cancel, RootFrame.Cancel, 0);
            return cancel;
        }
    }

    [Fact]
    public void Who_says_more_than_is_granted_is_ended_and_what_is_granted_was_passed_on()
    {
        var answer = host.Run(Grant(t => t with { OutputLimit = 1000 }, "/bin/sh", "-c", "while :; do echo 123456789; done"));

        Assert.Equal(RootEnd.OutputLimit, answer.Receipt!.How);
        Assert.Equal(1000, answer.Stdout.Length);
        Assert.True(answer.Receipt.Stdout.Bytes > 1000);
    }

    [Fact]
    public void All_of_a_long_output_comes_whole()
    {
        var answer = host.Run(Grant(t => t with { OutputLimit = 10_000_000 }, "/bin/sh", "-c", "seq 1 500000"));

        Assert.Equal(answer.Receipt!.Stdout, new OutputDigest(answer.Stdout.Length, Digest.Of(answer.Stdout)));
        Assert.EndsWith("\n500000\n", answer.Stdout, StringComparison.Ordinal);
    }

    [Fact]
    public void One_that_nobody_listens_to_is_ended_at_its_deadline()
    {
        using var socket = host.Begin(host.Signed(Grant(t => t with { OutputLimit = 1 << 30, TimeoutSeconds = 1 }, "/bin/sh", "-c", $"yes {marker}"), "bob"));

        Leftovers.Await(() => host.Log() is [.., { What: RootAct.Ended, How: RootEnd.Timeout }], "its deadline did not end it");
        Leftovers.AssertGone(marker);
    }

    [Fact]
    public void A_revocation_ends_what_runs_and_lets_nothing_run_again()
    {
        var grant = Sleeper("container", t => t with { UsesPerHost = 2 }, $"sleep {marker}");
        using var socket = host.Begin(host.Signed(grant, "bob"));
        Leftovers.AwaitProcess(marker);

        var revocation = RootRevocation.Write(new RootRevocation(1, "shop", grant.Id, "enough"));
        var answer = host.Ask(new RootRequest.Revoke([.. revocation], keys.Sign("carol", "fleet-revoke", revocation)));

        Assert.Null(answer.Refusal);
        Assert.Equal(RootEnd.Revoked, Answer.Read(socket).Receipt?.How);
        AssertNothingLeft(grant);
        Assert.Equal(RootDenial.Revoked, host.Ask(host.Signed(grant, "bob") with { Use = 2 }).Refusal?.Code);
    }

    [Fact]
    public void A_revocation_that_is_sent_again_is_taken_and_in_the_log_once_as_far_as_the_helper_knows()
    {
        var grant = Grant("/bin/true");
        var revocation = RootRevocation.Write(new RootRevocation(1, "shop", grant.Id, "enough"));
        var request = new RootRequest.Revoke([.. revocation], keys.Sign("carol", "fleet-revoke", revocation));
        Assert.All(Enumerable.Range(0, 3), _ => Assert.Null(host.Ask(request).Refusal));
        Assert.Single(host.Log(), e => e.What == RootAct.Revoked);

        // As a helper leaves it that was killed before it could remember that the log has it: twice is better than never.
        File.WriteAllText($"{host.State}/revoked/{grant.Id}", "");
        Assert.All(Enumerable.Range(0, 3), _ => Assert.Null(host.Ask(request).Refusal));

        Assert.Equal(2, host.Log().Count(e => e.What == RootAct.Revoked));
        Assert.Equal(RootDenial.Revoked, host.Run(grant).Refusal?.Code);
    }

    [Fact]
    public void What_was_revoked_before_it_began_does_not_begin_however_long_it_was_looked_at()
    {
        // The helper is still reading the program, 200 MiB of it, when the revocation is taken; on a machine where it is not, the task has just begun.
        var program = $"{host.Prefix}/large";
        File.WriteAllText(program, "#!/bin/sh\nsleep 10\necho ran\nexit\n");
        using (var file = File.OpenWrite(program))
        {
            file.SetLength(200 << 20);
        }

        File.SetUnixFileMode(program, (UnixFileMode)0x1ED);
        using var content = File.OpenRead(program);
        var digest = Digest.Parse($"sha256:{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(content))}");
        var grant = Grant(t => t with { Program = digest }, program);
        using var socket = host.Begin(host.Signed(grant, "bob"));
        var revocation = RootRevocation.Write(new RootRevocation(1, "shop", grant.Id, "enough"));
        var told = host.Ask(new RootRequest.Revoke([.. revocation], keys.Sign("carol", "fleet-revoke", revocation)));

        Assert.Null(told.Refusal);
        var answer = Answer.Read(socket);
        Assert.Equal("", answer.Stdout);
        Assert.NotEqual(0, answer.Receipt?.ExitCode);
    }

    [Fact]
    public void A_revocation_that_nobody_signed_or_of_another_fleet_is_denied()
    {
        var grant = Grant("/bin/true");
        byte[] Of(string fleet) => RootRevocation.Write(new RootRevocation(1, fleet, grant.Id, "enough"));

        Assert.Equal(RootDenial.BadSignature, host.Ask(new RootRequest.Revoke([.. Of("shop")], keys.Sign("bob", "fleet-grant", Of("shop")))).Refusal?.Code);
        Assert.Equal(RootDenial.WrongFleet, host.Ask(new RootRequest.Revoke([.. Of("other")], keys.Sign("bob", "fleet-revoke", Of("other")))).Refusal?.Code);
        Assert.Null(host.Run(grant).Refusal);
    }

    private static GrantDocument Sleeper(string kind, Func<RootTask, RootTask> change, string script) => Grant(change, "/bin/sh", "-c", script) with
    {
        Privileges = new PrivilegeSet([new Privilege.RunAsRoot(), .. kind switch
        {
            "container" => (Privilege[])[],
            "host pids" => [new Privilege.HostPidNamespace()],
            _ => [new Privilege.Unconfined()],
        }]),
    };

    private void AssertNothingLeft(GrantDocument grant)
    {
        Leftovers.AssertGone(marker);
        Leftovers.Await(() => Directory.GetFiles($"{host.State}/running").Length == 0, "it is still said to run");
        Leftovers.AssertNoCgroup(grant.Id.Text);
        Leftovers.AssertNoMount(host.Prefix);
        Assert.Empty(Directory.GetFileSystemEntries($"{host.Prefix}/run/fleet-root/work"));
    }
}
