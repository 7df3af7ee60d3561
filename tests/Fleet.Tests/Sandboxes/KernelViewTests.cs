using Fleet.Privileges;
using Fleet.Sandboxes;

namespace Fleet.Tests.Sandboxes;

public sealed class KernelViewTests
{
    private const string Status = """
        Name:	tini
        Uid:	166536	166536	166536	166536
        Gid:	166537	166537	166537	166537
        CapInh:	0000000000001000
        CapEff:	0000000000001000
        CapBnd:	0000000000001000
        NoNewPrivs:	1
        Seccomp:	2
        """;

    private static readonly KernelView Declared = KernelView.Declared(new PrivilegeSet([new Privilege.Capability("NET_ADMIN")]), new OciUser(166536, 166537, []));

    [Fact]
    public void What_is_as_declared_differs_in_nothing() => Assert.Null(KernelView.Read(Status, ["net", "user"])!.DifferenceFrom(Declared));

    [Fact]
    public void What_the_agent_cannot_see_is_no_difference() => Assert.Null(KernelView.Read(Status, null)!.DifferenceFrom(Declared));

    [Theory]
    [InlineData("CapEff:	0000000000001000", "CapEff:	0000000000001400", "capabilities: NET_BIND_SERVICE NET_ADMIN, declared NET_ADMIN")]
    [InlineData("CapBnd:	0000000000001000", "CapBnd:	0000000000000000", "bounding set: none, declared NET_ADMIN")]
    [InlineData("Uid:	166536	166536", "Uid:	166536	0", "uid: 0, declared 166536")]
    [InlineData("Seccomp:	2", "Seccomp:	0", "system-call filter: off, declared on")]
    [InlineData("NoNewPrivs:	1", "NoNewPrivs:	0", "no_new_privs: off, declared on")]
    public void What_is_otherwise_is_named(string was, string becomes, string difference) =>
        Assert.Equal(difference, KernelView.Read(Status.Replace(was, becomes, StringComparison.Ordinal), ["net", "user"])!.DifferenceFrom(Declared));

    [Fact]
    public void A_namespace_of_the_host_s_is_a_difference() => Assert.Equal(
        "namespaces shared with the host: net pid user, declared net user", KernelView.Read(Status, ["net", "pid", "user"])!.DifferenceFrom(Declared));

    [Fact]
    public void What_is_no_status_is_nothing() => Assert.Null(KernelView.Read("", null));
}
