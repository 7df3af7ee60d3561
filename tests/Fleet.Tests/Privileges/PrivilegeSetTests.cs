using CsCheck;
using Fleet.Privileges;
using Fleet.Processes;
using Fleet.Tests.Jobs;

namespace Fleet.Tests.Privileges;

/// <summary>The order of sets is the heart of every grant: a partial order, with the baseline below all.</summary>
public class PrivilegeSetTests
{
    private static readonly Fleet.Jobs.JobId Job = Fleet.Jobs.JobId.Parse("web");

    internal static readonly Gen<Privilege> Any = Gen.OneOf(
        Pick.Of<Privilege>(
            new Privilege.RunAsRoot(), new Privilege.NoSeccomp(), new Privilege.NewPrivileges(), new Privilege.SuidMounts(),
            new Privilege.UnmaskedPaths(), new Privilege.HostPidNamespace(), new Privilege.RootPreStart(),
            new Privilege.HostNetwork(), new Privilege.Unconfined()),
        Gen.Select(Pick.Of("/dev/fuse", "/dev/a:b"), Gen.Bool).Select((path, w) => (Privilege)new Privilege.Device(path, w)),
        Pick.Of([.. CapabilityNames.All]).Select(name => (Privilege)new Privilege.Capability(name)),
        Gen.Select(Pick.Of("/var/log", "/var/log/a", "/a:rw", "/"), Gen.Bool, Gen.Bool).Select((path, w, x) => (Privilege)new Privilege.UnrestrictedVolume(path, w, x)));

    private static readonly Gen<PrivilegeSet> Sets = Any.Array[0, 6].Select(members => new PrivilegeSet(members));

    [Fact]
    public void A_set_covers_itself() => Sets.Sample(a => a.Covers(a));

    [Fact]
    public void The_baseline_is_below_every_set() => Sets.Sample(a => a.Covers(PrivilegeSet.Baseline) && (a.IsBaseline || !PrivilegeSet.Baseline.Covers(a)));

    [Fact]
    public void What_covers_the_covering_covers_the_covered() => Gen.Select(Sets, Sets, Sets).Sample((x, y, z) =>
    {
        var (a, b, c) = (x.Union(y).Union(z), x.Union(y), x);
        return a.Covers(b) && b.Covers(c) && a.Covers(c) && (!(y.Covers(z) && z.Covers(x)) || y.Covers(x));
    });

    [Fact]
    public void Sets_that_cover_each_other_allow_the_same() => Gen.Select(Sets, Sets, Sets).Sample((a, b, c) => !(a.Covers(b) && b.Covers(a)) || a.Covers(c) == b.Covers(c));

    // A writable volume beside the same one read-only says no more than the writable one alone: equal as grants, though not as texts.
    [Fact]
    public void Sets_without_a_member_that_another_covers_are_antisymmetric() => Gen.Select(Sets, Sets).Sample((x, y) =>
    {
        var (a, b) = (Reduced(x), Reduced(y));
        return !(a.Covers(b) && b.Covers(a)) || a.Equals(b);
    });

    [Fact]
    public void What_is_missing_completes_a_set() => Gen.Select(Sets, Sets).Sample((held, asked) =>
        held.Union(held.Missing(asked)).Covers(asked) && held.Covers(asked) == held.Missing(asked).IsBaseline);

    [Theory]
    [InlineData("rw,exec", "ro", true)]
    [InlineData("rw", "ro", true)]
    [InlineData("ro,exec", "ro", true)]
    [InlineData("ro", "rw", false)]
    [InlineData("rw", "ro,exec", false)]
    public void A_volume_covers_the_same_volume_with_less(string held, string asked, bool covers) =>
        Assert.Equal(covers, Set($"unrestricted_volume:/var/log:{held}").Covers(Set($"unrestricted_volume:/var/log:{asked}")));

    [Theory]
    [InlineData("unrestricted_volume:/var:rw,exec", "unrestricted_volume:/var/log:ro")]
    [InlineData("unrestricted_volume:/:rw,exec", "unrestricted_volume:/var:ro")]
    [InlineData("run_as_root", "capability:CHOWN")]
    [InlineData("capability:SYS_ADMIN", "capability:NET_ADMIN")]
    [InlineData("run_as_root", "root_pre_start")]
    [InlineData("unmasked_paths", "host_pid_namespace")]
    public void Nothing_is_covered_by_what_only_sounds_like_more(string held, string asked) => Assert.False(Set(held).Covers(Set(asked)));

    [Fact]
    public void A_plain_process_asks_for_nothing() => Assert.True(PrivilegeSet.Of(Job, Jobs.Sample.Process).IsBaseline);

    [Fact]
    public void A_set_prints_sorted_and_once() => Assert.Equal("capability:KILL no_seccomp", Set("no_seccomp", "capability:KILL", "no_seccomp").ToString());

    [Fact]
    public void BPMs_privileged_is_43_privileges_and_none_of_the_newest_capabilities()
    {
        var set = PrivilegeSet.Of(Job, Jobs.Sample.Process with { Unsafe = new Unsafe(true, [], false) });

        Assert.Equal(43, set.Members.Length);
        Assert.Equal("new_privileges no_seccomp run_as_root suid_mounts unmasked_paths", string.Join(' ', set.Members.Where(m => m is not Privilege.Capability)));
        Assert.True(set.Covers(Set("capability:CHOWN", "capability:AUDIT_READ", "capability:SYS_ADMIN")));
        Assert.Equal("capability:BPF capability:CHECKPOINT_RESTORE capability:PERFMON", set.Missing(new PrivilegeSet(CapabilityNames.All.Select(c => new Privilege.Capability(c)))).ToString());
        Assert.False(set.Covers(Set("host_pid_namespace")));
    }

    [Theory]
    [InlineData("/var/vcap/data/web/cache", true, true)]
    [InlineData("/var/vcap/store/web", true, true)]
    [InlineData("/var/vcap/jobs/web/config", false, true)]
    [InlineData("/var/vcap/packages/redis", false, true)]
    [InlineData("/var/vcap/jobs/web/config", true, false)]
    [InlineData("/var/vcap/packages", true, false)]
    [InlineData("/var/vcap/data/packages", true, false)]
    [InlineData("/var/vcap/store", true, false)]
    [InlineData("/var/vcap/store", false, false)]
    [InlineData("/var/vcap/jobs/nginx/config", false, false)]
    [InlineData("/var/vcap/data/website", true, false)]
    [InlineData("/var/vcap/data/postgres/tmp", true, false)]
    [InlineData("/var/vcap/sys/log/web", false, false)]
    public void Only_the_jobs_own_folders_and_the_packages_are_the_baseline(string path, bool writable, bool own) =>
        Assert.Equal(own, PrivilegeSet.Of(Job, Jobs.Sample.Process with { AdditionalVolumes = [new Volume(path, writable)] }).IsBaseline);

    [Fact]
    public void Each_key_that_asks_is_named()
    {
        var process = Jobs.Sample.Process with
        {
            Capabilities = ["NET_ADMIN"],
            Unsafe = new Unsafe(false, [new Volume("/var/log", Writable: true)], true),
            Privileges = [new Privilege.RootPreStart(), new Privilege.Capability("NET_ADMIN")],
        };

        Assert.Equal(
            """
            capability:NET_ADMIN: capabilities
            unrestricted_volume:/var/log:rw: unsafe.unrestricted_volumes
            host_pid_namespace: unsafe.host_pid_namespace
            root_pre_start: privileges
            capability:NET_ADMIN: privileges
            """,
            string.Join('\n', PrivilegeSet.Asked(Job, process).Select(a => $"{a.Privilege}: {a.Why}")));
        Assert.Equal(4, PrivilegeSet.Of(Job, process).Members.Length);
    }

    private static PrivilegeSet Set(params string[] texts) => new(texts.Select(text => PrivilegeText.TryParse(text, out var privilege) ? privilege : throw new FormatException(text)));

    private static PrivilegeSet Reduced(PrivilegeSet set) => new(set.Members.Where(m => !set.Members.Any(other => other != m && new PrivilegeSet([other]).Covers(new PrivilegeSet([m])))));
}
