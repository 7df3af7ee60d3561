using Fleet.Grants;
using Fleet.RootTasks;
using static Fleet.RootHelper.Tests.HelperHost;

namespace Fleet.RootHelper.Tests;

/// <summary>Whose signatures count: what a threshold, a key and a name are worth.</summary>
public sealed class SignerTests(Keys keys) : IClassFixture<Keys>, IDisposable
{
    private readonly HelperHost host = new(keys);

    public void Dispose() => host.Dispose();

    [Theory]
    [InlineData("ed25519")]
    [InlineData("ecdsa")]
    [InlineData("rsa")]
    public void Every_kind_of_key_signs(string type)
    {
        host.SetSigners(keys.Line("alice", type: type) + keys.Line("bob", type: type));
        var bytes = GrantFormat.Write(Grant("/bin/true"));

        Assert.Null(host.Ask(new RootRequest.Run([.. bytes], keys.Sign("alice", "fleet-request", bytes, type: type), [keys.Sign("bob", "fleet-grant", bytes, type: type)], 1)).Refusal);
    }

    [Fact]
    public void No_signature_or_one_twice_or_only_who_asked_is_too_few()
    {
        host.Set(Policy with { Threshold = 2 });

        AssertDenied(RootDenial.TooFewSigners, host.Ask(host.Signed(Grant("/bin/true"))));
        AssertDenied(RootDenial.TooFewSigners, host.Ask(host.Signed(Grant("/bin/true"), "bob")));
        AssertDenied(RootDenial.TooFewSigners, host.Ask(host.Signed(Grant("/bin/true"), "bob", "bob")));
        AssertDenied(RootDenial.TooFewSigners, host.Ask(host.Signed(Grant("/bin/true"), "alice", "bob")));
        Assert.Null(host.Ask(host.Signed(Grant("/bin/true"), "bob", "carol")).Refusal);
    }

    [Fact]
    public void Who_asked_counts_where_the_policy_says_so()
    {
        host.Set(Policy with { RequesterCounts = true });

        Assert.Null(host.Ask(host.Signed(Grant("/bin/true"), "alice")).Refusal);
    }

    [Fact]
    public void A_request_that_somebody_else_signed_is_denied()
    {
        var bytes = GrantFormat.Write(Grant("/bin/true"));

        AssertDenied(RootDenial.RequestNotSigned, host.Ask(host.Signed(bytes, "bob") with { By = keys.Sign("carol", "fleet-request", bytes) }));
    }

    [Fact]
    public void A_key_under_another_s_name_or_one_that_the_host_does_not_know_is_no_signature()
    {
        var bytes = GrantFormat.Write(Grant("/bin/true"));
        var run = host.Signed(bytes);

        AssertDenied(RootDenial.BadSignature, host.Ask(run with { Approvals = [keys.Sign("carol", "fleet-grant", bytes, claimed: "bob")] }));
        AssertDenied(RootDenial.BadSignature, host.Ask(run with { Approvals = [keys.Sign("mallory", "fleet-grant", bytes)] }));
        AssertDenied(RootDenial.BadSignature, host.Ask(run with { Approvals = [keys.Sign("mallory", "fleet-grant", bytes, claimed: "bob")] }));
        AssertDenied(RootDenial.BadSignature, host.Ask(run with { Approvals = [new PresentedSignature("bob", "")] }));
        AssertDenied(RootDenial.BadSignature, host.Ask(run with { Approvals = [new PresentedSignature("-h", run.By.Armored)] }));
        AssertDenied(RootDenial.BadSignature, host.Ask(run with { Approvals = [keys.Sign("bob", "fleet-grant", [.. bytes, (byte)'\n'])] }));
    }

    [Fact]
    public void One_key_under_two_names_spoils_the_file()
    {
        host.SetSigners(keys.Line("alice") + keys.Line("bob") + $"carol {keys.Public("bob")}\n");

        Assert.Equal(RootDenial.SignersUnusable, host.Run(Grant("/bin/true")).Refusal?.Code);
    }

    [Fact]
    public void A_key_whose_time_is_over_or_that_may_sign_other_things_only_is_no_signature()
    {
        host.SetSigners(keys.Line("alice") + keys.Line("bob", "valid-before=\"20200101\"") + keys.Line("carol", "namespaces=\"git\""));
        AssertDenied(RootDenial.BadSignature, host.Ask(host.Signed(Grant("/bin/true"), "bob")));
        AssertDenied(RootDenial.BadSignature, host.Ask(host.Signed(Grant("/bin/true"), "carol")));

        host.SetSigners(keys.Line("alice", "namespaces=\"fleet-request\"") + keys.Line("bob", "valid-after=\"20200101\",namespaces=\"fleet-grant,fleet-revoke\""));
        Assert.Null(host.Ask(host.Signed(Grant("/bin/true"), "bob")).Refusal);
    }

    [Fact]
    public void Of_each_team_one_must_have_signed()
    {
        host.Set(Policy with { RequiredTeams = [new Team("security", ["carol"])] });

        AssertDenied(RootDenial.TeamMissing, host.Run(Grant("/bin/true")));
        Assert.Null(host.Ask(host.Signed(Grant("/bin/true"), "carol")).Refusal);
    }

    [Fact]
    public void Break_glass_is_one_signature_for_a_short_while_where_the_policy_has_it()
    {
        var broken = Grant("/bin/true") with { BreakGlass = true };
        host.Set(Policy with { Threshold = 2 });
        AssertDenied(RootDenial.NoBreakGlass, host.Run(broken));

        host.Set(Policy with { Threshold = 2, BreakGlass = new BreakGlassPolicy(true, 900) });
        Assert.Null(host.Ask(host.Signed(broken, "alice")).Refusal);
        AssertDenied(RootDenial.WindowTooLong, host.Run(broken with { NotAfter = broken.NotBefore.AddHours(1) }));
    }

    [Theory]
    [InlineData("\"threshold\":1", "\"threshold\":0")]
    [InlineData("\"threshold\":1,", "")]
    [InlineData("\"threshold\":1", "\"threshold\":null")]
    [InlineData("{", "")]
    public void A_policy_without_a_threshold_of_at_least_one_lets_nobody_in(string what, string by)
    {
        var policy = $"{host.Root}/policy.json";
        var text = File.ReadAllText(policy);
        Assert.Contains(what, text, StringComparison.Ordinal);
        File.WriteAllText(policy, text.Replace(what, by, StringComparison.Ordinal));

        Assert.Equal(RootDenial.PolicyUnusable, host.Run(Grant("/bin/true")).Refusal?.Code);
    }

    [Fact]
    public void A_policy_or_keys_that_others_than_root_can_write_are_none()
    {
        var spoiled = (Action[])
        [
            () => File.SetUnixFileMode($"{host.Root}/policy.json", (UnixFileMode)0x1B6),
            () => Tool.Run("/bin/chown", Agent.ToString(System.Globalization.CultureInfo.InvariantCulture), $"{host.Root}/allowed_signers"),
            () => File.SetUnixFileMode($"{host.Prefix}/etc/fleet", (UnixFileMode)0x1FF),
            () => File.Delete($"{host.Root}/policy.json"),
        ];
        Assert.All(spoiled, spoil =>
        {
            spoil();
            Assert.Contains(host.Run(Grant("/bin/true")).Refusal?.Code, (RootDenial?[])[RootDenial.PolicyUnusable, RootDenial.SignersUnusable]);
            Tool.Run("/bin/chown", "0", $"{host.Root}/allowed_signers");
            File.SetUnixFileMode($"{host.Prefix}/etc/fleet", (UnixFileMode)0x1ED);
            host.Set(Policy);
            File.SetUnixFileMode($"{host.Root}/policy.json", (UnixFileMode)0x1A4);
        });
        host.AssertUnharmed();
    }

    [Fact]
    public void A_change_of_the_policy_is_in_the_log()
    {
        host.Run(Grant("/bin/true"));
        host.SetSigners(keys.Line("alice") + keys.Line("bob"));
        host.Run(Grant("/bin/true"));

        Assert.Equal([RootAct.Starting, RootAct.Ended, RootAct.PolicyChanged, RootAct.Starting, RootAct.Ended], host.Log().Select(e => e.What));
    }

    private void AssertDenied(RootDenial denial, Answer answer)
    {
        Assert.Equal(denial, answer.Refusal?.Code);
        Assert.Equal(denial, host.Log()[^1].Denial);
        Assert.Equal(host.Log().Count(e => e.What == RootAct.Starting), Directory.GetFiles($"{host.State}/uses").Length);
    }
}
