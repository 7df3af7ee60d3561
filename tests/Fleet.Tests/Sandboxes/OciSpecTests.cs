using System.Collections.Immutable;
using System.Text.Json;
using Fleet.Hosts;
using Fleet.Jobs;
using Fleet.Processes;
using Fleet.Sandboxes;

namespace Fleet.Tests.Sandboxes;

public sealed class OciSpecTests
{
    private static readonly ProcessSpec Server = new() { Name = "server", Executable = "/var/vcap/packages/web/server", Args = ["-p", "80"] };

    private static readonly HostFacts Facts = new()
    {
        Paths = new HostPaths("/var/lib/fleet", "/srv/vcap"),
        Tini = "/usr/bin/tini",
        Existing = ["/bin", "/etc", "/lib", "/sbin", "/usr", "/run/systemd/resolve"],
        Seccomp = new SeccompChoice.Compiled("AAAA"),
        Secret = digest => digest == Digest.Of("hunter2") ? "hunter2" : null,
    };

    [Theory]
    [InlineData("/var/vcap/data/shelf", "/var/vcap/data/shelf", "/srv/vcap/data/shelf")]
    [InlineData("/srv/vcap/data/shelf", "/var/vcap/data/shelf", "/srv/vcap/data/shelf")]
    [InlineData("/var/vcap/srv/vcap", "/var/vcap/srv/vcap", "/srv/vcap/srv/vcap")]
    public void A_volume_may_be_stored_by_BPMs_root_on_the_host(string path, string inside, string source)
    {
        var request = Request(Server with { AdditionalVolumes = [new Volume(path)] });
        var mount = Assert.Single(OciMounts.Binds(request, Facts), m => m.Destination == inside);
        Assert.Equal(source, mount.Source);
    }

    [Fact]
    public void The_mounts_are_BPMs_by_depth_and_then_by_name()
    {
        var request = Request(Server with { EphemeralDisk = true, PersistentDisk = true, AdditionalVolumes = [new Volume("/var/vcap/data/shelf", AllowExecutions: true)] });
        var binds = OciMounts.Binds(request, Facts).Select(m => $"{m.Destination} <- {m.Source} {string.Join(',', m.Options)}");
        Assert.Equal(
            """
            /bin <- /bin bind,exec,nosuid,nodev,ro
            /etc <- /etc bind,exec,nosuid,nodev,ro
            /lib <- /lib bind,exec,nosuid,nodev,ro
            /sbin <- /sbin bind,exec,nosuid,nodev,ro
            /tmp <- /srv/vcap/data/web/tmp rbind,noexec,nosuid,nodev,rw,rnoexec,rnosuid,rnodev
            /usr <- /usr bind,exec,nosuid,nodev,ro
            /var/tmp <- /srv/vcap/data/web/tmp rbind,noexec,nosuid,nodev,rw,rnoexec,rnosuid,rnodev
            /run/systemd/resolve <- /run/systemd/resolve bind,noexec,nosuid,nodev,ro
            /var/vcap/packages <- /srv/vcap/packages bind,exec,nosuid,nodev,ro
            /var/vcap/data/packages <- /srv/vcap/data/packages bind,exec,nosuid,nodev,ro
            /var/vcap/data/shelf <- /srv/vcap/data/shelf rbind,exec,nosuid,nodev,ro,rnosuid,rnodev,rro
            /var/vcap/data/web <- /srv/vcap/data/web rbind,noexec,nosuid,nodev,rw,rnoexec,rnosuid,rnodev
            /var/vcap/jobs/web <- /srv/vcap/jobs/web bind,exec,nosuid,nodev,ro
            /var/vcap/store/web <- /srv/vcap/store/web rbind,noexec,nosuid,nodev,rw,rnoexec,rnosuid,rnodev
            /var/vcap/data/web/tmp <- /srv/vcap/data/web/tmp rbind,noexec,nosuid,nodev,rw,rnoexec,rnosuid,rnodev
            /var/vcap/sys/log/web <- /srv/vcap/sys/log/web rbind,noexec,nosuid,nodev,rw,rnoexec,rnosuid,rnodev
            """,
            string.Join('\n', binds));
    }

    [Fact]
    public void Of_two_mounts_with_one_destination_the_first_wins()
    {
        var request = Request(Server with { AdditionalVolumes = [new Volume("/var/vcap/jobs/web", Writable: true)] });
        Assert.Contains("ro", OciMounts.Binds(request, Facts).Single(m => m.Destination == "/var/vcap/jobs/web").Options);
    }

    [Fact]
    public void The_environment_is_the_jobs_and_then_BPMs_defaults()
    {
        var env = Server.Env.Add("HOME", new EnvValue.Plain("/elsewhere")).Add("TOKEN", new EnvValue.Secret(Digest.Of("hunter2")));
        Assert.Equal(
            ["HOME=/elsewhere", "TOKEN=hunter2", "TMPDIR=/var/vcap/data/web/tmp", "LANG=en_US.UTF-8",
                "PATH=/var/vcap/jobs/web/bin:/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin:."],
            Built(Request(Server with { Env = env })).Process.Env.ToArray());
    }

    [Fact]
    public void The_process_is_tini_and_the_program_without_privileges()
    {
        var process = Built(Request(Server with { Limits = new Limits { OpenFiles = 5, CoreFileSize = 0 } })).Process;
        Assert.Equal(["/usr/bin/tini", "-w", "-s", "--", "/var/vcap/packages/web/server", "-p", "80"], process.Args.ToArray());
        Assert.Equal("/var/vcap/jobs/web", process.Cwd);
        Assert.Equal((1000, 1000, true), (process.User.Uid, process.User.Gid, process.NoNewPrivileges));
        Assert.Equal(OciCapabilities.None, process.Capabilities);
        Assert.Equal([new OciRlimit("RLIMIT_NOFILE", 5, 5), new OciRlimit("RLIMIT_CORE", 0, 0)], process.Rlimits.ToArray());
    }

    [Fact]
    public void The_hook_runs_in_the_same_sandbox()
    {
        var request = Request(Server with { Hooks = new Hooks("/var/vcap/jobs/web/bin/pre") });
        var (main, hook) = (Built(request), Built(request with { Phase = SandboxPhase.PreStart }));
        Assert.Equal("/var/vcap/jobs/web/bin/pre", hook.Process.Args[^1]);
        Assert.Equal(Json(main), Json(hook with { Process = hook.Process with { Args = main.Process.Args } }));
    }

    [Theory]
    [InlineData(null, null, 1000, 1000)]
    [InlineData(2000, null, 2000, 2001)]
    [InlineData(2000, 33, 33, 34)]
    public void The_user_is_the_jobs_or_the_hosts_vcap_or_the_first_ordinary_one(int? vcap, int? own, int uid, int gid)
    {
        var facts = Facts with { Vcap = vcap is { } v ? new UserIds(v, v + 1) : null };
        Assert.Equal(new UserIds(uid, gid), OciSpec.User(Server with { User = own is { } o ? new UserIds(o, o + 1) : null }, facts));
    }

    [Fact]
    public void Each_slice_maps_root_to_ids_of_its_own()
    {
        var linux = Built(Request(Server) with { Slice = 3 }).Linux;
        Assert.Equal([new OciIdMapping(0, 1 + (3 * 65536), 65536)], linux.UidMappings.ToArray());
        Assert.Equal(linux.UidMappings, linux.GidMappings);
        Assert.Equal(["ipc", "mount", "uts", "pid", "user"], linux.Namespaces.Select(n => n.Type));
    }

    [Fact]
    public void More_than_the_baseline_is_refused_by_name()
    {
        var refused = Assert.IsType<OciBuild.Refused>(OciSpec.Build(Request(Server with { Unsafe = new Unsafe(false, [], true) }), Facts));
        Assert.Equal((StartFailureCode.PrivilegeRefused, "web:server asks for host_pid_namespace, which needs a grant"), (refused.Failure.Code, refused.Failure.Message));
    }

    [Fact]
    public void A_secret_that_the_host_does_not_have_is_refused_by_name_and_without_its_value()
    {
        var env = Server.Env.Add("TOKEN", new EnvValue.Secret(Digest.Of("other")));
        var refused = Assert.IsType<OciBuild.Refused>(OciSpec.Build(Request(Server with { Env = env }), Facts));
        Assert.Contains("TOKEN", refused.Failure.Message);
    }

    [Fact]
    public void The_filter_goes_as_an_annotation_or_as_a_list_but_never_not_at_all()
    {
        var compiled = Built(Request(Server));
        Assert.Equal(("AAAA", null), (compiled.Annotations[OciSpec.SeccompAnnotation], compiled.Linux.Seccomp));
        var listed = OciSpec.Build(Request(Server), Facts with { Seccomp = new SeccompChoice.Listed("SCMP_ARCH_X86_64") });
        Assert.Equal("SCMP_ACT_ERRNO", Assert.IsType<OciBuild.Built>(listed).Config.Linux.Seccomp!.DefaultAction);
    }

    [Fact]
    public void The_same_request_gives_the_same_bytes_and_they_are_read_back_whole()
    {
        var json = Json(Built(Request(Server)));
        Assert.Equal(json, Json(Built(Request(Server))));
        Assert.Equal(json, Json(JsonSerializer.Deserialize(json, OciJson.Default.OciConfig)!));
        Assert.Contains("\"uidMappings\":[{\"containerID\":0,\"hostID\":1,\"size\":65536}]", json);
    }

    private static string Json(OciConfig config) => JsonSerializer.Serialize(config, OciJson.Default.OciConfig);

    private static OciConfig Built(SandboxRequest request) => Assert.IsType<OciBuild.Built>(OciSpec.Build(request, Facts)).Config;

    private static SandboxRequest Request(ProcessSpec spec) =>
        new(RunId.Parse("run-1"), new ProcessId(JobId.Parse("web"), spec.Name), spec, SandboxPhase.Main, 0, ImmutableArray<JobFile>.Empty);
}
