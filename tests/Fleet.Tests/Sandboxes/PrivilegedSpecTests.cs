using System.Collections.Immutable;
using Fleet.Hosts;
using Fleet.Jobs;
using Fleet.Privileges;
using Fleet.Processes;
using Fleet.RootTasks;
using Fleet.Sandboxes;

namespace Fleet.Tests.Sandboxes;

public sealed class PrivilegedSpecTests
{
    private static readonly JobId Silk = JobId.Parse("silk");

    private static readonly ProcessSpec Daemon = new() { Name = "daemon", Executable = "/usr/sbin/silk", Args = ["-v"] };

    private static readonly HostFacts Facts = new()
    {
        Paths = new HostPaths("/nonexistent", "/srv/vcap"), Tini = "/usr/bin/tini", Existing = ["/bin"], Seccomp = new SeccompChoice.Compiled("AAAA"), Secret = _ => null,
    };

    private static readonly OciUser Somebody = new(166536, 166537, [1]);

    [Fact]
    public void What_BPM_calls_privileged_is_BPM_s_set()
    {
        var config = Build(Daemon with { Unsafe = new Unsafe(true, [], false), Capabilities = ["NET_ADMIN", "BPF"] });

        Assert.Equal(39, config.Process.Capabilities.Bounding.Length);
        Assert.Contains("CAP_BPF", config.Process.Capabilities.Effective);
        Assert.All(
            (ImmutableArray<string>[])[config.Process.Capabilities.Effective, config.Process.Capabilities.Permitted, config.Process.Capabilities.Inheritable, config.Process.Capabilities.Ambient],
            set => Assert.Equal(config.Process.Capabilities.Bounding, set));
        Assert.Equal((false, 0, 0, 0), (config.Process.NoNewPrivileges, config.Linux.MaskedPaths.Length, config.Linux.ReadonlyPaths.Length, config.Annotations.Count));
        Assert.DoesNotContain(config.Mounts, mount => mount.Options.Contains("nosuid"));
        Assert.Contains(config.Mounts, mount => mount is { Destination: "/dev/shm" } && mount.Options.Contains("nodev"));
    }

    [Fact]
    public void With_one_capability_it_is_the_baseline_s_sandbox_with_that_and_without_a_user_namespace()
    {
        var config = Build(Daemon with { Capabilities = ["NET_ADMIN"] });

        Assert.Equal("ipc mount uts cgroup pid", string.Join(' ', config.Linux.Namespaces.Select(n => n.Type)));
        Assert.Empty(config.Linux.UidMappings);
        Assert.Equal("CAP_NET_ADMIN", Assert.Single(config.Process.Capabilities.Bounding));
        Assert.Equal((true, Somebody), (config.Process.NoNewPrivileges, config.Process.User));
        Assert.Equal("/usr/bin/tini -w -s -- /usr/sbin/silk -v", string.Join(' ', config.Process.Args));
        Assert.Equal("AAAA", config.Annotations[OciSpec.SeccompAnnotation]);
        Assert.Contains("/proc/kcore", config.Linux.MaskedPaths);
        Assert.Contains(config.Mounts, mount => mount is { Destination: "/dev" } && mount.Options.Contains("nosuid"));
        Assert.Equal("private", config.Linux.RootfsPropagation);
    }

    [Fact]
    public void The_host_s_pids_are_its_own_only_where_that_is_asked() =>
        Assert.DoesNotContain(Build(Daemon with { Unsafe = new Unsafe(false, [], true) }).Linux.Namespaces, n => n.Type == "pid");

    [Fact]
    public void A_device_belongs_to_who_runs_and_is_as_writable_as_granted()
    {
        var device = Assert.Single(PrivilegedSpec.Build(Request(Daemon), Facts, [], Somebody, [new DeviceNode("/dev/fuse", false, "c", 10, 229)], "/r", []).Linux.Devices!.Value);
        Assert.Equal(new OciDevice("/dev/fuse", "c", 10, 229, 0x100, 166536, 166537), device);
    }

    [Theory]
    [InlineData("run_as_root", "0:0")]
    [InlineData("capability:NET_ADMIN", "166536:267536 331069")]
    public void Who_is_not_root_is_who_a_job_of_the_baseline_would_be(string privilege, string expected)
    {
        Assert.True(PrivilegeText.TryParse(privilege, out var held));
        var user = PrivilegedSpec.User(new PrivilegeSet([held]), new UserIds(1000, 2000), 100000, 200000, 1);
        Assert.Equal(expected, $"{user.Uid}:{user.Gid} {string.Join(' ', user.AdditionalGids)}".Trim());
    }

    [Fact]
    public void Unrestricted_volumes_are_mounted_beside_the_job_s_own_and_never_over_them()
    {
        Volume[] volumes = [new("/var/log", Writable: true), new("/etc", Writable: true), new("/tmp/x"), new("/var/vcap/data/silk/x", Writable: true), new("/var/vcap/jobs/other")];
        var binds = OciMounts.Binds(Request(Daemon), Facts with { Existing = ["/etc"] }, volumes).ToDictionary(m => m.Destination, m => string.Join(',', m.Options));

        Assert.Equal("rbind,noexec,nosuid,nodev,rw,rnoexec,rnosuid,rnodev", binds["/var/log"]);
        Assert.Equal("bind,exec,nosuid,nodev,ro", binds["/etc"]);
        Assert.Contains("/var/vcap/jobs/other", binds.Keys);
        Assert.DoesNotContain("/tmp/x", binds.Keys);
        Assert.DoesNotContain("/var/vcap/data/silk/x", binds.Keys);
    }

    private static SandboxRequest Request(ProcessSpec spec) => new(RunId.Parse("silk.daemon-1"), new ProcessId(Silk, spec.Name), spec, SandboxPhase.Main, 1, []);

    private static OciConfig Build(ProcessSpec spec) => PrivilegedSpec.Build(Request(spec), Facts, ["A=b"], Somebody, [], "/run/root", []);
}
