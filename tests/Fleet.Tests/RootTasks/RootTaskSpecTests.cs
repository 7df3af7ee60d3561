using System.Collections.Immutable;
using System.Text.Json;
using Fleet.Privileges;
using Fleet.RootTasks;
using Fleet.Sandboxes;
using static Fleet.Tests.Grants.GrantSample;

namespace Fleet.Tests.RootTasks;

public class RootTaskSpecTests
{
    private static readonly SeccompChoice Filter = new SeccompChoice.Compiled("filter");

    [Fact]
    public void With_nothing_granted_there_is_nothing_beside_the_signed_fields()
    {
        var config = Build();

        Assert.Equal(["/usr/bin/tini", "--", .. ForTask.RootTask!.Argv], config.Process.Args.ToArray());
        Assert.Equal(["LANG=C"], config.Process.Env.ToArray());
        Assert.Equal(("/", 1000, 1001, 4), (config.Process.Cwd, config.Process.User.Uid, config.Process.User.Gid, Assert.Single(config.Process.User.AdditionalGids)));
        Assert.All((ImmutableArray<string>[])[config.Process.Capabilities.Bounding, config.Process.Capabilities.Effective, config.Process.Capabilities.Ambient], set => Assert.Empty(set));
        Assert.True(config.Process.NoNewPrivileges && config.Root.Readonly);
        Assert.Equal(["mount", "ipc", "uts", "pid", "network"], config.Linux.Namespaces.Select(n => n.Type));
        Assert.Contains("/proc/sys", config.Linux.ReadonlyPaths);
        Assert.Contains("/proc/kcore", config.Linux.MaskedPaths);
        Assert.Equal("filter", Assert.Single(config.Annotations).Value);
        Assert.Null(config.Linux.Devices);
    }

    [Fact]
    public void A_capability_is_in_every_set_and_no_other_is() => Assert.All(
        Build(new Privilege.Capability("KILL")).Process.Capabilities is var c ? (ImmutableArray<string>[])[c.Bounding, c.Effective, c.Permitted, c.Inheritable, c.Ambient] : [],
        set => Assert.Equal(["CAP_KILL"], set.ToArray()));

    [Fact]
    public void Each_privilege_lifts_what_it_says_and_nothing_else()
    {
        Assert.False(Build(new Privilege.NewPrivileges()).Process.NoNewPrivileges);
        Assert.Empty(Build(new Privilege.NoSeccomp()).Annotations);
        Assert.Empty(Build(new Privilege.UnmaskedPaths()).Linux.MaskedPaths);
        Assert.Empty(Build(new Privilege.UnmaskedPaths()).Linux.ReadonlyPaths);
        Assert.Equal(["mount", "ipc", "uts", "network"], Build(new Privilege.HostPidNamespace()).Linux.Namespaces.Select(n => n.Type));
        Assert.Equal(["mount", "ipc", "uts", "pid"], Build(new Privilege.HostNetwork()).Linux.Namespaces.Select(n => n.Type));
    }

    [Fact]
    public void A_filter_that_the_runtime_compiles_is_left_out_where_there_is_to_be_none()
    {
        var listed = new SeccompChoice.Listed("SCMP_ARCH_X86_64");

        Assert.NotNull(RootTaskSpec.Build(ForTask.RootTask!, PrivilegeSet.Baseline, [], listed, "/root", null).Linux.Seccomp);
        Assert.Null(RootTaskSpec.Build(ForTask.RootTask!, new PrivilegeSet([new Privilege.NoSeccomp()]), [], listed, "/root", null).Linux.Seccomp);
    }

    [Fact]
    public void What_the_root_helper_writes_is_what_the_agent_would_to_the_byte() => Assert.All(
        (SeccompChoice[])[Filter, new SeccompChoice.Listed("SCMP_ARCH_X86_64")],
        filter =>
        {
            var config = RootTaskSpec.Build(ForTask.RootTask!, PrivilegeSet.Baseline, [new DeviceNode("/dev/null", true, "c", 1, 3)], filter, "/root", null);

            Assert.Equal(JsonSerializer.Serialize(config, OciJson.Default.OciConfig), JsonSerializer.Serialize(config, OciWriting.Default.OciConfig));
        });

    [Fact]
    public void Among_the_host_s_pids_it_needs_no_process_1_of_its_own() =>
        Assert.Equal(ForTask.RootTask!.Argv.ToArray(), Build(new Privilege.HostPidNamespace()).Process.Args.ToArray());

    [Fact]
    public void A_copy_runs_in_place_of_the_program_with_the_same_arguments() => Assert.Equal(
        ["/usr/bin/tini", "--", "/run/program/tail", "-n", "5", "/var/log/auth.log"],
        RootTaskSpec.Build(ForTask.RootTask!, PrivilegeSet.Baseline, [], Filter, "/root", "/run/program/tail").Process.Args.ToArray());

    [Theory]
    [InlineData(true, 384u)]
    [InlineData(false, 256u)]
    public void A_device_belongs_to_who_runs_and_its_mode_says_what_is_granted(bool writable, uint mode) => Assert.Equal(
        [new OciDevice("/dev/fuse", "c", 10, 229, mode, 1000, 1001)],
        RootTaskSpec.Build(ForTask.RootTask!, PrivilegeSet.Baseline, [new DeviceNode("/dev/fuse", writable, "c", 10, 229)], Filter, "/root", null).Linux.Devices!.Value.ToArray());

    private static OciConfig Build(params Privilege[] privileges) => RootTaskSpec.Build(ForTask.RootTask!, new PrivilegeSet(privileges), [], Filter, "/root", null);
}
