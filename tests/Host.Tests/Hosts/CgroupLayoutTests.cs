using Fleet.Host.Hosts;

namespace Fleet.Host.Tests.Hosts;

public sealed class CgroupLayoutTests
{
    private const string Unified = "31 23 0:28 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate";

    private static readonly string[] V1 =
    [
        "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct",
        "33 31 0:30 / /sys/fs/cgroup/memory rw shared:9 - cgroup cgroup rw,memory",
        "34 31 0:31 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids",
        "35 31 0:32 / /sys/fs/cgroup/freezer rw - cgroup cgroup rw,freezer",
        "36 31 0:33 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd",
    ];

    [Fact]
    public void V2_has_one_requirement_for_all() =>
        Assert.Equal(["cgroup v2"], Names(CgroupLayout.Parse([Unified], _ => "cpuset cpu io memory pids\n")));

    [Fact]
    public void V1_has_one_for_each_mount() =>
        Assert.Equal(["cgroup cpu,cpuacct", "cgroup freezer", "cgroup memory", "cgroup pids"], Names(CgroupLayout.Parse(V1, _ => "")).Order());

    [Fact]
    public void Hybrid_takes_each_controller_from_where_it_is() =>
        Assert.Equal(["cgroup cpu,cpuacct", "cgroup freezer", "cgroup memory", "cgroup v2"],
            Names(CgroupLayout.Parse([Unified, .. V1.Where(line => !line.Contains("pids"))], _ => "pids hugetlb")).Order());

    [Fact]
    public void A_controller_that_is_nowhere_is_missing() =>
        Assert.Contains("cgroup memory", Names(CgroupLayout.Parse([.. V1.Where(line => !line.Contains("memory"))], _ => "")));

    [Fact]
    public void This_machine_has_all_that_is_needed() =>
        Assert.DoesNotContain(CgroupLayout.Read().Requirements(new HostInitOptions()), requirement => requirement is MissingControllerRequirement);

    private static IEnumerable<string> Names(CgroupLayout layout) => layout.Requirements(new HostInitOptions()).Select(requirement => requirement.Name);
}
