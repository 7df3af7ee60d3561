using Fleet.Host.Hosts;
using Fleet.Host.Linux;
using Fleet.Host.Logs;

namespace Fleet.Host.Tests.Hosts;

/// <summary>A real unified hierarchy, with whichever controller this machine has left to it.</summary>
[Collection("host init")]
public sealed class CgroupV2Tests
{
    [SkippableFact]
    public async Task A_delegated_subtree_lets_the_user_make_leaves_move_into_them_and_freeze_them()
    {
        var layout = CgroupLayout.Read();
        Skip.If(layout.V2 is null || layout.V2Controllers.Length == 0, "no unified hierarchy with a controller is mounted here");
        var controller = layout.V2Controllers[0];
        var wasOn = File.ReadAllText($"{layout.V2}/cgroup.subtree_control").Split([' ', '\n']).Contains(controller);
        using var host = new ThrowawayHost();
        await host.Prepare();
        var requirement = new CgroupV2Requirement(host.Options, [controller], layout.V2!);
        var group = $"{layout.V2}/{host.Options.CgroupName}";
        try
        {
            Assert.IsType<Finding.Missing>(requirement.Check());
            await requirement.Establish();
            Assert.IsType<Finding.Ok>(requirement.Check());
            await AsTheAgentWould(host, group);
        }
        finally
        {
            Remove(group);
            File.WriteAllText($"{layout.V2}/cgroup.subtree_control", wasOn ? "" : $"-{controller}");
        }
    }

    // Root moves the agent into its leaf once; from there it moves others as an ordinary user.
    private static async Task AsTheAgentWould(ThrowawayHost host, string group)
    {
        var drop = $"setpriv --reuid {host.Options.User} --regid {host.Options.User} --clear-groups --inh-caps=-all";
        var moved = await new Command("sh", "-ec",
            $"echo 0 > {group}/agent/cgroup.procs; exec {drop} sh -ec 'mkdir {group}/run; echo 0 > {group}/run/cgroup.procs; grep ^0:: /proc/self/cgroup'").Run();
        Assert.Equal(("", $"0::/{host.Options.CgroupName}/run"), (moved.Error, moved.Output.Trim()));
        var freezer = new CgroupFreezer($"{group}/run");
        freezer.Freeze();
        Assert.Contains("frozen 1", File.ReadAllText($"{group}/run/cgroup.events"));
        freezer.Thaw();
        Assert.DoesNotContain("frozen 1", File.ReadAllText($"{group}/run/cgroup.events"));
    }

    private static void Remove(string group)
    {
        foreach (var folder in new[] { $"{group}/run", $"{group}/agent", group }.Where(Directory.Exists))
        {
            Directory.Delete(folder);
        }
    }
}
