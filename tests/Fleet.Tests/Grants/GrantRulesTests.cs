using System.Collections.Immutable;
using Fleet.Grants;
using Fleet.Privileges;
using static Fleet.Tests.Grants.GrantSample;

namespace Fleet.Tests.Grants;

public class GrantRulesTests
{
    public static TheoryData<string, object> Breaking => new()
    {
        { "privileged_job.at_end", ForJob with { BreakGlass = true } },
        { "fleet_grant", ForTask with { FleetGrant = 2 } },
        { "fleet", ForTask with { Fleet = "" } },
        { "fleet", ForTask with { Fleet = "my shop" } },
        { "requester", ForTask with { Requester = "alice\nbob" } },
        { "reason", ForTask with { Reason = "  " } },
        { "reason", ForTask with { Reason = new string('x', 2001) } },
        { "reason", ForTask with { Reason = "a\0b" } },
        { "hosts", ForTask with { Hosts = HostSelector.Of() } },
        { "hosts", ForTask with { Hosts = HostSelector.Of("a") with { Labels = Labels("tier", "web") } } },
        { "hosts.names[1]", ForTask with { Hosts = HostSelector.Of("a", "") } },
        { "hosts.labels.tier", ForTask with { Hosts = new([], Labels("tier", "")) } },
        { "not_before", ForTask with { NotBefore = Noon.AddMilliseconds(1) } },
        { "not_before", ForTask with { NotBefore = Noon.ToOffset(TimeSpan.FromHours(1)) } },
        { "not_after", ForTask with { NotAfter = Noon } },
        { "", ForTask with { RootTask = null } },
        { "", ForTask with { PrivilegedJob = ForJob.PrivilegedJob } },
        { "privileges", ForJob with { Privileges = PrivilegeSet.Baseline } },
        { "privileges", ForJob with { Privileges = new PrivilegeSet([new Privilege.HostNetwork()]) } },
        { "privileges", ForJob with { Privileges = new PrivilegeSet([new Privilege.Unconfined()]) } },
        { "privileges", ForJob with { Privileges = new PrivilegeSet([new Privilege.Device("/etc/passwd", false)]) } },
        { "privileges", ForJob with { Privileges = new PrivilegeSet([new Privilege.UnrestrictedVolume("srv", true, false)]) } },
        { "root_task.argv", With(t => t with { Argv = [] }) },
        { "root_task.argv", With(t => t with { Argv = [.. Enumerable.Repeat("/bin/true", 1001)] }) },
        { "root_task.argv[0]", With(t => t with { Argv = ["tail"] }) },
        { "root_task.argv[0]", With(t => t with { Argv = ["/usr/../bin/tail"] }) },
        { "root_task.argv[0]", With(t => t with { Argv = [""] }) },
        { "root_task.argv[1]", With(t => t with { Argv = ["/bin/true", "a\0b"] }) },
        { "root_task.argv[1]", With(t => t with { Argv = ["/bin/true", "\ud800"] }) },
        { "root_task.argv[1]", With(t => t with { Argv = ["/bin/true", "\udc00\ud800"] }) },
        { "root_task.env", With(t => t with { Env = Labels("A=B", "x") }) },
        { "root_task.env", With(t => t with { Env = Labels("1A", "x") }) },
        { "root_task.env", With(t => t with { Env = Labels("", "x") }) },
        { "root_task.env.A", With(t => t with { Env = Labels("A", "\0") }) },
        { "root_task.workdir", With(t => t with { Workdir = "tmp" }) },
        { "root_task.workdir", With(t => t with { Workdir = "//tmp" }) },
        { "root_task.workdir", With(t => t with { Workdir = "/srv/app\0/x" }) },
        { "privileges", ForTask with { Privileges = new PrivilegeSet([new Privilege.UnrestrictedVolume("/var/log/../../etc", true, false)]) } },
        { "privileges", ForTask with { Privileges = new PrivilegeSet([new Privilege.UnrestrictedVolume("/var\0/log", true, false)]) } },
        { "privileges", With(t => t with { Uid = 0 }) },
        { "privileges", With(t => t with { Gid = 0 }) },
        { "privileges", With(t => t with { Groups = [5, 0] }) },
        { "privileges", ForTask with { Privileges = new PrivilegeSet([new Privilege.RootPreStart()]) } },
        { "privileges", ForTask with { Privileges = new PrivilegeSet([new Privilege.Unconfined(), new Privilege.Capability("KILL")]) } },
        { "privileges", ForTask with { Privileges = new PrivilegeSet([new Privilege.Device("/etc/passwd", false)]) } },
        { "privileges", ForTask with { Privileges = new PrivilegeSet([new Privilege.Device("/dev/../etc/passwd", false)]) } },
        { "privileges", ForTask with { Privileges = new PrivilegeSet([new Privilege.UnrestrictedVolume("/srv", true, false), new Privilege.UnrestrictedVolume("/srv", false, true)]) } },
        { "privileges", ForTask with { Privileges = new PrivilegeSet([new Privilege.UnrestrictedVolume("/", true, false)]) } },
        { "root_task.uid", With(t => t with { Uid = -1 }) },
        { "root_task.gid", With(t => t with { Gid = int.MaxValue }) },
        { "root_task.groups", With(t => t with { Groups = [.. Enumerable.Range(1, 65)] }) },
        { "root_task.groups[0]", With(t => t with { Groups = [-5] }) },
        { "root_task.uses_per_host", With(t => t with { UsesPerHost = 0 }) },
        { "root_task.timeout_seconds", With(t => t with { TimeoutSeconds = 86_401 }) },
        { "root_task.output_limit", With(t => t with { OutputLimit = (1L << 30) + 1 }) },
    };

    [Theory]
    [MemberData(nameof(Breaking))]
    public void What_breaks_one_rule_is_told_with_its_place(string path, object document) =>
        Assert.Equal([path], GrantRules.Check((GrantDocument)document).Select(m => m.Path).Distinct());

    [Fact]
    public void What_breaks_none_has_no_mistakes()
    {
        Assert.Empty(GrantRules.Check(ForTask));
        Assert.Empty(GrantRules.Check(ForJob));
        Assert.Empty(GrantRules.Check(ForJob with { Privileges = new PrivilegeSet([new Privilege.RootPreStart(), new Privilege.UnrestrictedVolume("/srv", true, false), new Privilege.UnrestrictedVolume("/srv", false, true)]) }));
        Assert.Empty(GrantRules.Check(With(t => t with { Argv = ["/bin/echo", "\U0001F525", "", "\uFFFD", "\\", new string('x', 1000)], Groups = [], Program = null })));
        Assert.Empty(GrantRules.Check(With(t => t with { Uid = 0, Gid = 0 }) with { Privileges = new PrivilegeSet([new Privilege.RunAsRoot(), new Privilege.Unconfined()]) }));
    }

    [Fact]
    public void All_mistakes_are_told_at_once() => Assert.Equal(
        ["reason", "hosts", "root_task.uid"],
        GrantRules.Check(With(t => t with { Uid = -1 }) with { Reason = "", Hosts = HostSelector.Of() }).Select(m => m.Path));

    [Fact]
    public void A_mistake_cannot_drive_a_terminal() =>
        Assert.All(GrantRules.Check(ForTask with { Fleet = "\u001b[2J" }), m => Assert.DoesNotContain('\u001b', m.Message));

    private static ImmutableSortedDictionary<string, string> Labels(string key, string value) =>
        ImmutableSortedDictionary.CreateRange(StringComparer.Ordinal, [KeyValuePair.Create(key, value)]);
}
