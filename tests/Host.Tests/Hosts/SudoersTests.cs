using Fleet.Client.Linux;
using Fleet.Host.Hosts;

namespace Fleet.Host.Tests.Hosts;

public sealed class SudoersTests : IDisposable
{
    private readonly RootOfAHost host = new();

    public void Dispose() => host.Dispose();

    [SkippableTheory]
    [InlineData("fleet-x ALL=(ALL) NOPASSWD: ALL")]
    [InlineData("bob, fleet-x web=/usr/bin/id")]
    [InlineData("bob,fleet-x\tALL = /usr/bin/id")]
    [InlineData("\"fleet-x\" ALL=ALL")]
    [InlineData("fleet\\-x ALL=ALL")]
    [InlineData("#4242 ALL=ALL # by its number")]
    [InlineData("%fleet-x ALL=ALL")]
    [InlineData("%builders ALL=ALL")]
    [InlineData("\"%builders\" ALL=ALL")]
    [InlineData("%#4243 ALL=ALL")]
    [InlineData("ALL ALL=(ALL) /usr/bin/id")]
    [InlineData("!bob, ALL ALL=ALL")]
    [InlineData("ALL, !fleet-x, !!fleet-x ALL=ALL")]
    [InlineData("User_Alias OPS = ann, fleet-x\nOPS ALL=ALL")]
    [InlineData("OPS ALL=ALL\nUser_Alias ANN = ann : OPS = INNER : INNER = ann, %builders")]
    [InlineData("User_Alias OPS = ann, \\\n  fleet-x\nOPS ALL=ALL")]
    [InlineData("fleet-x \\\n ALL \\  \n = ALL")]
    [InlineData("# a comment goes on \\\nfleet-x ALL=ALL")]
    [InlineData("Defaults env_reset\nroot ALL=ALL\n@include /etc/other")]
    [InlineData("#include other")]
    [InlineData("#includedir /etc/sudoers.d")]
    [InlineData("@includedir /etc/sudoers.d")]
    public void A_rule_for_the_agent_fails_in_whatever_words(string content)
    {
        host.Write($"{host.Folder}/etc/other", content.Contains("other") ? "fleet-x ALL=ALL" : "");
        host.Write($"{host.Folder}/etc/sudoers.d/90-x", content.Contains("sudoers.d") ? "fleet-x ALL=ALL" : "");
        var line = Check(content);
        Assert.Equal(DoctorStatus.Fail, line.Status);
        Assert.Contains("is for fleet-x", line.Detail);
        Assert.StartsWith($"visudo -f {host.Folder}/etc/", line.Remedy);
    }

    [SkippableTheory]
    [InlineData("root ALL=(ALL:ALL) ALL\n%sudo ALL=(ALL:ALL) ALL")]
    [InlineData("# fleet-x ALL=ALL\n## %builders ALL=ALL\nroot ALL=ALL")]
    [InlineData("fleet-xy ALL=ALL\nxfleet-x ALL=ALL\n%fleet ALL=ALL")]
    [InlineData("bob ALL=(fleet-x) ALL")]
    [InlineData("bob fleet-x=ALL")]
    [InlineData("bob ALL=/usr/bin/chown fleet-x")]
    [InlineData("bob ALL=ALL # fleet-x ALL=ALL")]
    [InlineData("#42420 ALL=ALL\n%#42 ALL=ALL")]
    [InlineData("ALL, !fleet-x ALL=ALL")]
    [InlineData("User_Alias OPS = fleet-x\nCmnd_Alias FLEET = /usr/bin/fleet-x\nbob ALL=FLEET")]
    [InlineData("User_Alias OPS = ALL, !builders, !%builders\nOPS ALL=ALL")]
    [InlineData("User_Alias A = B : B = A\nA ALL=ALL")]
    [InlineData("Defaults:fleet-x !requiretty\n@includedir /etc/sudoers.d\n@includedir /etc/none")]
    public void A_rule_for_others_does_not(string content)
    {
        host.Write($"{host.Folder}/etc/sudoers.d/90-x~", "fleet-x ALL=ALL");
        host.Write($"{host.Folder}/etc/sudoers.d/90.dpkg-old", "fleet-x ALL=ALL");
        var line = Check(content);
        Assert.Equal((DoctorStatus.Ok, "no rule is for fleet-x, its groups or ALL"), (line.Status, line.Detail));
    }

    [SkippableFact]
    public void Where_it_stands_is_said()
    {
        var line = Check("root ALL=ALL\n\n# x\nbob, \\\nfleet-x ALL=ALL\n%builders ALL=ALL");
        Assert.Equal($"{host.Places.Sudoers}:4 is for fleet-x: 'bob,  fleet-x ALL=ALL', and 1 more", line.Detail);
    }

    [SkippableTheory]
    [InlineData("+admins ALL=ALL", "is for a netgroup")]
    [InlineData("%:domain\\ admins ALL=ALL", "is for a netgroup")]
    [InlineData("what is this", "in a form not known here")]
    [InlineData("@include /etc/missing", "/etc/missing cannot be read")]
    public void What_cannot_be_told_is_warned_of(string content, string says)
    {
        var line = Check(content);
        Assert.Equal(DoctorStatus.Warn, line.Status);
        Assert.Contains(says, line.Detail);
    }

    [SkippableFact]
    public void A_pipe_among_the_included_does_not_hold_doctor_up()
    {
        host.MakeFolder($"{host.Folder}/etc/sudoers.d");
        new Command("mkfifo", $"{host.Folder}/etc/sudoers.d/pipe").Run().Wait();
        Assert.Contains("/etc/sudoers.d/pipe cannot be read", Check("@includedir /etc/sudoers.d").Detail);
    }

    [SkippableTheory]
    [InlineData("permit fleet-x", true)]
    [InlineData("permit nopass keepenv setenv { PATH=/bin A } fleet-x as root cmd /usr/bin/id", true)]
    [InlineData("permit persist :builders", true)]
    [InlineData("permit 4242", true)]
    [InlineData("deny fleet-x\npermit \\\n nopass \"fleet-x\"", true)]
    [InlineData("permit fleet-x\ndeny fleet-x cmd reboot", true)]
    [InlineData("permit fleet-x\ndeny fleet-x", false)]
    [InlineData("# permit fleet-x\npermit :wheel\npermit bob as fleet-x", false)]
    public void Doas_is_asked_as_well(string content, bool isFor)
    {
        host.Write(host.Places.Doas, content);
        Assert.Equal(isFor ? DoctorStatus.Fail : DoctorStatus.Ok, Doas.Check(host.Agent, host.Places).Status);
    }

    [SkippableFact]
    public void Without_either_there_are_no_rules() =>
        Assert.Equal(("there are no rules", "there are no rules"), (Sudoers.Check(host.Agent, host.Places).Detail, Doas.Check(host.Agent, host.Places).Detail));

    private DoctorLine Check(string content)
    {
        host.Write(host.Places.Sudoers, content, 0x120 /* 0440 */);
        return Sudoers.Check(host.Agent, host.Places);
    }
}
