using Fleet.Jobs;
using Fleet.Privileges;
using Fleet.Processes;
using Fleet.RootTasks;
using Fleet.Sandboxes;
using static Fleet.RootHelper.Tests.JobHost;

namespace Fleet.RootHelper.Tests;

/// <summary>What Garden, KuBo and silk need of a privileged job, with the real thing in small: FUSE, container runtimes, mounts that the host sees, the network.</summary>
public sealed class GardenTests(Keys keys) : IClassFixture<Keys>, IDisposable
{
    // A bundle whose root is the folders of the sandbox itself, and what it runs.
    private const string Bundle = """
        mkdir -p /b/rootfs && cd /b && for d in bin lib lib64 usr; do [ -e /$d ] && mkdir -p rootfs/$d; done
        cat > config.json <<JSON
        {"ociVersion":"1.0.2","root":{"path":"rootfs"},"process":{"cwd":"/","user":{"uid":0,"gid":0},"args":["/bin/sh","-c","$INNER"],"env":["PATH=/usr/bin:/bin"],
        "capabilities":{"bounding":[],"effective":[],"permitted":[],"inheritable":[]}},
        "mounts":[{"destination":"/proc","type":"proc","source":"proc"},{"destination":"/dev","type":"tmpfs","source":"tmpfs"}
        $(for d in bin lib lib64 usr; do [ -e /$d ] && printf ',{"destination":"/%s","type":"bind","source":"/%s","options":["rbind","ro"]}' $d $d; done)],
        "linux":{"cgroupsPath":"/inner","resources":{"memory":{"limit":50000000}},"namespaces":[{"type":"mount"},{"type":"pid"},{"type":"ipc"},{"type":"uts"}]}}
        JSON

        """;

    // As Garden does: the controllers that it needs, in the sandbox's own cgroup namespace. Version 2 takes no processes beside the groups that have limits.
    private static string Hierarchies => Machine.HasCgroupV1 ? HierarchiesV1 : HierarchiesV2;

    private const string HierarchiesV2 = """
        mount -t tmpfs none /run
        mount -t cgroup2 none /sys/fs/cgroup
        mkdir /sys/fs/cgroup/init && for p in $(cat /sys/fs/cgroup/cgroup.procs); do echo $p > /sys/fs/cgroup/init/cgroup.procs; done 2>/dev/null
        echo '+memory +pids +cpu' > /sys/fs/cgroup/cgroup.subtree_control

        """;

    private const string HierarchiesV1 = """
        mount -t tmpfs none /run
        mount -t tmpfs none /sys/fs/cgroup
        for c in memory pids cpu cpuacct devices freezer cpuset blkio; do mkdir /sys/fs/cgroup/$c && mount -t cgroup -o $c none /sys/fs/cgroup/$c 2>/dev/null; done

        """;

    private readonly JobHost host = new(keys);

    public void Dispose() => host.Dispose();

    [Fact]
    public void FUSE_works_inside()
    {
        var script = "mkdir /tmp/a /tmp/b; echo word > /tmp/a/file; bindfs /tmp/a /tmp/b && cat /tmp/b/file && grep -c fuse /proc/self/mounts; umount /tmp/b";

        Assert.Equal("word 1", host.Run(Job(script, [.. BpmPrivileged, "device:/dev/fuse:rw"])));
    }

    [Theory]
    [InlineData("crun")]
    [InlineData("runc")]
    public void A_runtime_inside_stays_inside_the_outer_limits(string runtime)
    {
        // The inner one says its limit, and where it is as the sandbox's own namespace and the host see it; then it takes more than the outer limit lets it.
        var (hierarchy, own, limit) = Machine.HasCgroupV1 ? ("/sys/fs/cgroup/memory", ":memory:", "memory.limit_in_bytes") : ("/sys/fs/cgroup", "0::/", "memory.max");
        var script = Hierarchies + $"INNER='grep {own} /proc/self/cgroup; head -c 200m /dev/zero | tail -c 200m > /dev/null; echo code $?; sleep 2'\n" + Bundle
            + $"sed -i 's/50000000/500000000/' config.json; (sleep 1; cat {hierarchy}/inner/{limit}) & {runtime} --root /run/r run -b /b inner; echo end";
        var job = Job(script, BpmPrivileged);
        var request = host.Request(job with { Processes = [job.Processes[0] with { Limits = new Limits { Memory = 100 << 20, Processes = 200 } }] });
        Assert.True(host.Ask(request).Refusal is null, "refused");
        Leftovers.Await(() => host.Stdout.Contains(own, StringComparison.Ordinal), $"nothing came to run inside: {host.Stdout} {host.Stderr}");

        var inner = Assert.Single(Directory.GetDirectories($"{hierarchy}/fleet-jobs", "inner", SearchOption.AllDirectories));
        Assert.StartsWith($"{hierarchy}/fleet-jobs/{request.Id}/limited/job/", inner, StringComparison.Ordinal);
        Leftovers.Await(() => host.Stdout.Contains("code 137", StringComparison.Ordinal), $"the outer limit of 100 MiB does not hold inside: {host.Stdout} {host.Stderr}");
        Assert.Equal(0, host.Exit(request.Id));
        host.AssertNothingLeft(request.Id);
    }

    [Fact]
    public void A_limit_above_cannot_be_changed_from_inside()
    {
        var (hierarchy, limit) = Machine.HasCgroupV1 ? ("/sys/fs/cgroup/memory", "memory.limit_in_bytes") : ("/sys/fs/cgroup", "memory.max");
        var job = Job(Hierarchies + $"echo 1000000000 > {hierarchy}/{limit}; cat {hierarchy}/{limit}; ls -d {hierarchy}/../*/fleet-jobs {hierarchy}/fleet-jobs 2>/dev/null; head -c 200m /dev/zero | tail -c 200m >/dev/null; echo $?", BpmPrivileged);
        var request = host.Request(job with { Processes = [job.Processes[0] with { Limits = new Limits { Memory = 64 << 20 } }] });
        Assert.NotNull(host.Ask(request).Started);
        host.Exit(request.Id);

        Assert.Contains("137", host.Stdout, StringComparison.Ordinal);
        Assert.DoesNotContain("fleet-jobs", host.Stdout, StringComparison.Ordinal);
        Assert.Equal($"{64 << 20}", File.ReadAllText($"{hierarchy}/fleet-jobs/{request.Id}/limited/{limit}").Trim());
    }

    [Fact]
    public void What_is_mounted_in_a_shared_volume_is_seen_on_the_host_and_what_is_in_another_is_not()
    {
        foreach (var name in (string[])["depot", "private"])
        {
            Directory.CreateDirectory($"{host.Vcap}/data/silk/{name}/m");
        }

        var process = Job("mount -t tmpfs none /var/vcap/data/silk/depot/m && touch /var/vcap/data/silk/depot/m/x; mount -t tmpfs none /var/vcap/data/silk/private/m; echo mounted; sleep 100", BpmPrivileged).Processes[0]
            with
        {
            AdditionalVolumes =
            [
                new Volume("/var/vcap/data/silk/depot", Writable: true, MountOnly: true, Shared: true), new Volume("/var/vcap/data/silk/private", Writable: true, MountOnly: true),
            ],
        };
        var request = host.Request(Job(process));
        try
        {
            Assert.NotNull(host.Ask(request).Started);
            Leftovers.Await(() => host.Stdout.Contains("mounted", StringComparison.Ordinal), $"nothing was mounted: {host.Stderr}");

            Assert.True(File.Exists($"{host.Vcap}/data/silk/depot/m/x"));
            Assert.DoesNotContain("silk/private/m ", File.ReadAllText("/proc/self/mountinfo"), StringComparison.Ordinal);

            // The next one finds what the one before mounted, as Garden's containers do, and makes the folder shared no second time.
            host.AssertNothingLeft(request.Id);
            File.WriteAllText($"{host.Vcap}/sys/log/silk/daemon.stdout.log", "");
            Assert.Equal("x", host.Run(Job(process with { Args = ["-c", "ls /var/vcap/data/silk/depot/m"] })));
            Assert.Equal(1, File.ReadAllText("/proc/self/mountinfo").Split('\n').Count(line => line.Contains($"{host.Vcap}/data/silk/depot ", StringComparison.Ordinal)));
        }
        finally
        {
            Tool.Run("/bin/sh", "-c", $"umount {host.Vcap}/data/silk/depot/m; umount {host.Vcap}/data/silk/depot; true");
        }
    }

    [Fact]
    public void A_port_below_1024_is_bound_with_the_capability_and_not_without()
    {
        const string script = "perl -MIO::Socket::INET -e 'IO::Socket::INET->new(LocalAddr => \"127.0.0.1:882\", Listen => 1) ? print \"bound\\n\" : print \"$!\\n\"'; id -u";

        Assert.Equal("bound 2066536", host.Run(Job(script, "capability:NET_BIND_SERVICE")));
        Assert.Contains("Permission denied", host.Run(Job(script, "capability:CHOWN")), StringComparison.Ordinal);
    }

    [Fact]
    public void The_network_is_administered_as_silk_does()
    {
        var (name, table) = ($"fl{Random.Shared.Next(1000, 9999)}", $"fleet_test_{Random.Shared.Next(1000, 9999)}");
        var script = $"ip link add {name}a type veth peer name {name}b && ip link show {name}b | grep -c {name}; ip link del {name}a; "
            + $"nft add table inet {table} && nft list tables | grep -c {table}; nft delete table inet {table}; ip link add {name}c type dummy 2>/dev/null; ip link del {name}c 2>/dev/null; true";

        Assert.Equal("1 1", host.Run(Job(script, "capability:NET_ADMIN", "run_as_root")));
        Assert.DoesNotContain(name, Tool.Run("/usr/sbin/ip", "link"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_root_pre_start_runs_on_the_host_as_root_with_the_process_s_environment_alone()
    {
        var script = $"#!/bin/sh\nid -u\nreadlink /proc/self/ns/mnt\necho $HOME $PATH\nenv | wc -l\nmkdir {host.Host.Prefix}/made\nexit 4\n";
        var job = Job(
            new ProcessSpec { Name = "daemon", Executable = "/bin/true", Hooks = new Hooks("/var/vcap/jobs/silk/bin/pre-start"), Privileges = [new Privilege.RootPreStart()] },
            new JobFile("bin/pre-start", 0x1ED, Digest.Of(script)));
        var request = host.Request(job) with { Phase = SandboxPhase.PreStart };

        Assert.True(host.Ask(request, script).Refusal is null, $"{host.Stderr} {host.Stdout}");

        Assert.Equal(4, host.Exit(request.Id));
        Assert.Equal($"0 {new FileInfo("/proc/self/ns/mnt").LinkTarget} /root /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin 4", string.Join(' ', host.Stdout.Split('\n', StringSplitOptions.RemoveEmptyEntries)));
        Assert.True(Directory.Exists($"{host.Host.Prefix}/made"));
        host.AssertNothingLeft(request.Id);
    }

    [Fact]
    public void A_hook_that_has_ended_at_once_has_run()
    {
        var job = Job(new ProcessSpec { Name = "daemon", Executable = "/bin/true", Hooks = new Hooks("/bin/true"), Privileges = [new Privilege.RootPreStart()] });
        for (var i = 0; i < 5; i++)
        {
            var request = host.Request(job) with { Phase = SandboxPhase.PreStart };
            Assert.True(host.Ask(request).Refusal is null, host.Stderr);
            Assert.Equal(0, host.Exit(request.Id));
            host.AssertNothingLeft(request.Id);
        }
    }

    [Fact]
    public void What_a_hook_has_left_running_ends_with_its_run()
    {
        var marker = Leftovers.Marker();
        var script = $"#!/bin/sh\nsetsid sh -c 'sleep {marker} & sleep {marker}' &\nsleep 100\n";
        var job = Job(
            new ProcessSpec { Name = "daemon", Executable = "/bin/true", Hooks = new Hooks("/var/vcap/jobs/silk/hook"), Privileges = [new Privilege.RootPreStart()] },
            new JobFile("hook", 0x1ED, Digest.Of(script)));
        var request = host.Request(job) with { Phase = SandboxPhase.PreStart };
        Assert.True(host.Ask(request, script).Refusal is null, host.Stderr);
        Leftovers.AwaitProcess(marker);

        host.Signal(request.Id, StopSignal.Kill);

        Leftovers.AssertGone(marker);
        Assert.Equal(137, host.Exit(request.Id));
    }

    [Fact]
    public void A_hook_that_is_another_than_was_signed_or_not_root_s_does_not_run()
    {
        const string script = "#!/bin/sh\ntouch /gained\n";
        var process = new ProcessSpec { Name = "daemon", Executable = "/bin/true", Hooks = new Hooks("/var/vcap/jobs/silk/bin/pre-start"), Privileges = [new Privilege.RootPreStart()] };

        var other = host.Request(Job(process, new JobFile("bin/pre-start", 0x1ED, Digest.Of("another")))) with { Phase = SandboxPhase.PreStart };
        Assert.Equal(RootDenial.OtherContent, host.Ask(other, script).Refusal!.Code);

        Directory.CreateDirectory($"{host.Vcap}/jobs/silk/bin");
        File.WriteAllText($"{host.Vcap}/jobs/silk/bin/pre-start", script);
        Tool.Run("/bin/chown", "-R", $"{HelperHost.Agent}", $"{host.Vcap}/jobs/silk");
        Assert.Equal(RootDenial.UnsafePath, host.Ask(host.Request(Job(process)) with { Phase = SandboxPhase.PreStart }).Refusal!.Code);
        Assert.False(File.Exists("/gained"));
    }
}
