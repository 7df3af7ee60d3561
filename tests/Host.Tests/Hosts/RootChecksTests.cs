using Fleet.Client.Linux;
using Fleet.Host.Hosts;
using Fleet.Host.Sandboxes;
using Fleet.RootTasks;

namespace Fleet.Host.Tests.Hosts;

public sealed class RootChecksTests : IDisposable
{
    private const string AliceKey = "AAAAC3NzaC1lZDI1NTE5AAAAIAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB";
    private const string BobKey = "AAAAC3NzaC1lZDI1NTE5AAAAIAICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIC";
    private const string CarolKey = "AAAAC3NzaC1lZDI1NTE5AAAAIAMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMD";

    private readonly RootOfAHost host = new();

    public void Dispose() => host.Dispose();

    [SkippableFact]
    public void A_host_whose_root_is_in_order_has_nothing_to_mend()
    {
        Policy();
        Signers();
        host.MakeFolder(host.Places.State, 0x1C0);
        host.Listen(host.Places.Socket, 0x1B0, $"0:{RootOfAHost.Uid}");
        Assert.All(RootPolicyChecks.All(host.Agent, host.Places), line => Assert.Equal((DoctorStatus.Ok, null), (line.Status, line.Remedy)));
        Assert.Equal("2 people sign, who asks not among them", Line("root threshold").Detail);
        Assert.Equal(DoctorStatus.Ok, Line("root helper's folder").Status);
    }

    [SkippableFact]
    public async Task A_host_without_a_policy_is_warned_of_and_doctor_says_so()
    {
        var line = (await Doctor.Run(host.Options, null, host.Places)).Single(line => line.Name == "root policy");
        Assert.Equal((DoctorStatus.Warn, "there is none: no grant can be used on this host", $"as root, write {host.Places.Policy}"), (line.Status, line.Detail, line.Remedy));
    }

    [SkippableTheory]
    [InlineData("\"threshold\":2", "\"threshold\":0", "the threshold is at least 1; got 0")]
    [InlineData("\"agent\":4242", "\"agent\":0", "the agent is an ordinary user; got uid 0")]
    [InlineData("\"threshold\":2,", "", "threshold")]
    [InlineData("\"threshold\":2", "\"threshold\":2,\"threshold\":1", "threshold")]
    public void A_policy_that_is_not_to_the_letter_fails_with_what_is_wrong(string part, string instead, string says) =>
        Fails("root policy", says, () => Policy(part, instead));

    [Theory]
    [InlineData(100000, 300000, 2, DoctorStatus.Ok)]
    [InlineData(1000, 300000, 2, DoctorStatus.Fail)]
    [InlineData(100000, 0, 2, DoctorStatus.Fail)]
    [InlineData(100000, 300000, 3, DoctorStatus.Fail)]
    public void Jobs_get_the_agent_s_own_sub_ids_and_no_others(int firstUid, int firstGid, int slices, DoctorStatus status) => Assert.Equal(
        status, RootPolicyChecks.Jobs(new JobsPolicy("/var/vcap", firstUid, firstGid, slices, null), new SubIds(100000, 300000, 140000), host.Places).Status);

    [SkippableFact]
    public void A_policy_for_another_uid_than_the_agents_fails() =>
        Fails("root policy", "it lets uid 4300 ask", () => Policy("\"agent\":4242", "\"agent\":4300"));

    [SkippableTheory]
    [InlineData("\"threshold\":2,\"requester_counts\":false", "\"threshold\":1,\"requester_counts\":true", "one person alone can have root here")]
    [InlineData("\"threshold\":2", "\"threshold\":1", "one person alone decides about root here")]
    [InlineData("\"requester_counts\":false", "\"requester_counts\":true", "who asks for root counts as one of the 2")]
    [InlineData("\"break_glass\":null", "\"break_glass\":{\"requester_counts\":true,\"longest_window_seconds\":60}", "one person alone can have root here, by break-glass")]
    public void Root_for_one_person_alone_is_warned_of_loudly(string part, string instead, string says)
    {
        Policy(part, instead);
        var line = Line("root threshold");
        Assert.Equal(DoctorStatus.Warn, line.Status);
        Assert.Contains(says, line.Detail);
        Assert.Contains($"in {host.Places.Policy}", line.Remedy);
    }

    [SkippableTheory]
    [InlineData($"alice ssh-ed25519 {AliceKey}\n", "1 can approve, and the threshold is 2")]
    [InlineData($"alice ssh-ed25519 {AliceKey}\nbob ssh-ed25519 {BobKey}\n", "whoever asks, fewer than the threshold of 2 are left")]
    [InlineData($"alice ssh-ed25519 {AliceKey}\nalice ssh-ed25519 {BobKey} other\n", "1 can approve")]
    [InlineData($"alice ssh-ed25519 {AliceKey}\nbob namespaces=\"git\" ssh-ed25519 {BobKey}\n", "1 can approve")]
    [InlineData($"alice,bob ssh-ed25519 {AliceKey}\ncarol ssh-ed25519 {CarolKey}\n", "line 1: one key under two names, alice,bob")]
    [InlineData($"alice ssh-ed25519 {AliceKey} x\ncarol ssh-ed25519 {CarolKey}\n# bob\nbob ssh-ed25519 {AliceKey}\n", "line 1 and 4: one key under two names, alice and bob")]
    [InlineData($"*@ops ssh-ed25519 {AliceKey}\n", "line 1: '*@ops' is a pattern")]
    [InlineData($"ops cert-authority ssh-ed25519 {AliceKey}\n", "line 1: a certificate authority")]
    [InlineData("alice\n", "line 1: a line is 'PRINCIPAL [OPTIONS] KEYTYPE KEY'")]
    public void Keys_by_which_the_threshold_cannot_be_met_or_is_met_by_too_few_fail(string signers, string says) =>
        Fails("approvers' keys", says, () =>
        {
            Policy();
            Signers(signers);
        });

    [SkippableFact]
    public void A_required_team_without_a_key_fails() =>
        Fails("approvers' keys", "nobody of the required team dba has a key", () =>
        {
            Policy("\"required_teams\":[]", "\"required_teams\":[{\"name\":\"dba\",\"principals\":[\"dora\"]}]");
            Signers();
        });

    [SkippableTheory]
    [InlineData("/etc/fleet/root/policy.json", 0x1B4, "0:0", "can be written by others than root (mode 0664)")]
    [InlineData("/etc/fleet/root/policy.json", 0x1A4, "4242:0", "belongs to uid 4242, not to root")]
    [InlineData("/etc/fleet/root", 0x1FF, "0:0", "/etc/fleet/root can be written by others")]
    [InlineData("/etc/fleet", 0x1ED, "4242:0", "/etc/fleet belongs to uid 4242, not to root")]
    public void A_policy_or_a_way_to_it_that_is_not_roots_alone_fails(string path, int mode, string owner, string says)
    {
        Policy();
        Signers();
        new Command("chown", owner, host.Folder + path).Run().Wait();
        File.SetUnixFileMode(host.Folder + path, (UnixFileMode)mode);
        Fails("root policy", says, () => { });
        Assert.Equal(!path.EndsWith(".json", StringComparison.Ordinal), Line("approvers' keys").Status == DoctorStatus.Fail);
    }

    [SkippableTheory]
    [InlineData("/etc/fleet/root/policy.json")]
    [InlineData("/etc/fleet")]
    public void A_link_on_the_way_to_the_policy_fails_though_it_leads_to_a_good_one(string path)
    {
        Policy();
        var elsewhere = $"{host.Folder}/elsewhere";
        Assert.True(new Command("mv", host.Folder + path, elsewhere).Run().Result.Succeeded);
        File.CreateSymbolicLink(host.Folder + path, elsewhere);
        Fails("root policy", $"{path} is a link", () => { });
    }

    [SkippableFact]
    public void A_pipe_in_place_of_the_policy_does_not_hold_doctor_up() =>
        Fails("root policy", "is not a regular file", () =>
        {
            host.MakeFolder($"{host.Folder}/etc/fleet/root");
            new Command("mkfifo", host.Places.Policy).Run().Wait();
        });

    [SkippableTheory]
    [InlineData(0x1C0, "4242:0", "belongs to uid 4242")]
    [InlineData(0x1ED, "0:0", "is not a folder with mode 0700")]
    public void The_root_helpers_folder_that_is_not_roots_alone_fails(int mode, string owner, string says) =>
        Fails("root helper's folder", says, () => host.MakeFolder(host.Places.State, mode, owner));

    [SkippableTheory]
    [InlineData(0x1B6, "0:4242", "is open to everybody (mode 0666)")]
    [InlineData(0x1B4, "0:4242", "is open to everybody (mode 0664)")]
    [InlineData(0x1B0, "0:4243", "is open to the group")]
    [InlineData(0x1B0, "4242:4242", "belongs to uid 4242")]
    public void The_root_helpers_socket_that_others_than_the_agent_reach_fails(int mode, string owner, string says) =>
        Fails("root helper's socket", says, () => host.Listen(host.Places.Socket, mode, owner));

    [SkippableFact]
    public void The_root_helpers_socket_is_open_to_the_agents_group()
    {
        host.Listen(host.Places.Socket, 0x1B0, "0:4242");
        Assert.Equal((DoctorStatus.Ok, "open to root and to gid 4242 alone"), (Line("root helper's socket").Status, Line("root helper's socket").Detail));
        host.MakeFolder($"{host.Folder}/run/fleet-root", 0x1F8);
        Fails("root helper's socket", "/run/fleet-root can be written by others", () => { });
    }

    private void Policy(string part = "", string instead = "") => host.Write(host.Places.Policy, Replaced("""
        {"fleet_root_policy":1,"fleet":"prod","host":"web-1","labels":{},"agent":4242,"threshold":2,"requester_counts":false,"required_teams":[],"longest_timeout_seconds":600,"longest_window_seconds":3600,"break_glass":null}
        """, part, instead));

    private static string Replaced(string text, string part, string instead)
    {
        Assert.Contains(part, text);
        return part.Length == 0 ? text : text.Replace(part, instead);
    }

    private void Signers(string content = $"# people\nalice ssh-ed25519 {AliceKey} alice@desk\nbob namespaces=\"fleet-*\" ssh-ed25519 {BobKey}\n\"carol\" ssh-ed25519 {CarolKey}\n") =>
        host.Write(host.Places.Signers, content);

    private void Fails(string name, string says, Action make)
    {
        make();
        var line = Line(name);
        Assert.Equal(DoctorStatus.Fail, line.Status);
        Assert.Contains(says, line.Detail);
        Assert.NotEmpty(line.Remedy!);
    }

    private DoctorLine Line(string name) => RootChecks.All(host.Agent, host.Options.Paths, host.Places).Single(line => line.Name == name);
}
