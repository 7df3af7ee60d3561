using System.Globalization;
using Fleet.Client.Linux;
using Fleet.Host.Hosts;
using Fleet.Host.Logs;

namespace Fleet.Host.Tests.Hosts;

/// <summary>A real unified hierarchy, with whichever controller this machine has left to it.</summary>
[Collection("host init")]
public sealed class CgroupV2Tests
{
    [SkippableTheory]
    [InlineData("{0}-unified", "{0}-unified/agent", true)]
    [InlineData("{0}.slice/jobs", "{0}.slice/unit", true)]
    [InlineData("other-{0}.slice/jobs", "other-{0}.slice/unit", false)]
    public async Task The_agent_fills_its_subtree_from_its_leaf_or_from_a_unit_in_its_own_slice_and_from_no_other(string name, string place, bool can)
    {
        var layout = CgroupLayout.Read();
        Skip.If(layout.V2 is null || layout.V2Controllers.Length == 0, "no unified hierarchy with a controller is mounted here");
        using var host = new ThrowawayHost();
        await host.Prepare();
        var controller = layout.V2Controllers[0];
        var wasOn = File.ReadAllText($"{layout.V2}/cgroup.subtree_control").Split([' ', '\n']).Contains(controller);
        name = string.Format(CultureInfo.InvariantCulture, name, host.Options.User);
        place = $"{layout.V2}/{string.Format(CultureInfo.InvariantCulture, place, host.Options.User)}";
        var requirement = new CgroupV2Requirement(host.Options with { CgroupName = name }, [controller], layout.V2!);
        try
        {
            Assert.IsType<Finding.Missing>(requirement.Check());
            await requirement.Establish();
            Assert.IsType<Finding.Ok>(requirement.Check());
            Directory.CreateDirectory(place);
            var moved = await Move(host, place, $"{layout.V2}/{name}");
            Assert.Equal(can ? $"0::/{name}/run" : "", moved.Output.Trim());
            Freeze($"{layout.V2}/{name}/run");
        }
        finally
        {
            Remove($"{layout.V2}/{name.Split('/')[0]}");
            File.WriteAllText($"{layout.V2}/cgroup.subtree_control", wasOn ? "" : $"-{controller}");
        }
    }

    // Root (or systemd) places the agent once; from there it moves others as an ordinary user.
    private static Task<CommandResult> Move(ThrowawayHost host, string place, string group)
    {
        var drop = $"setpriv --reuid {host.Options.User} --regid {host.Options.User} --clear-groups --inh-caps=-all";
        return new Command("sh", "-ec",
            $"echo 0 > {place}/cgroup.procs; exec {drop} sh -ec 'mkdir {group}/run; echo 0 > {group}/run/cgroup.procs; grep ^0:: /proc/self/cgroup'").Run();
    }

    private static void Freeze(string run)
    {
        var freezer = new CgroupFreezer(run);
        freezer.Freeze();
        Assert.Contains("frozen 1", File.ReadAllText($"{run}/cgroup.events"));
        freezer.Thaw();
        Assert.DoesNotContain("frozen 1", File.ReadAllText($"{run}/cgroup.events"));
    }

    private static void Remove(string group)
    {
        foreach (var child in Directory.Exists(group) ? Directory.GetDirectories(group) : [])
        {
            Remove(child);
        }

        Directory.Delete(group);
    }
}
