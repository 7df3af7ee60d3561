using Fleet.Host.Hosts;

namespace Fleet.Host.Tests.Hosts;

/// <summary>Where root must put an agent before it drops root, as `fleet up` does: on v2 into its leaf; on v1 there is none, and nothing to do.</summary>
internal static class AgentLeaf
{
    private const string Join = """
        if [ -d "$0" ]; then echo 0 > "$0/cgroup.procs"; fi; exec "$@"
        """;

    public static string[] Command(string cgroup, params string[] command) =>
        ["/bin/sh", "-ec", Join, CgroupV2Requirement.AgentLeaf("/sys/fs/cgroup", cgroup), .. command];
}
