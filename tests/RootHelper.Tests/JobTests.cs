using System.Text.RegularExpressions;
using Fleet.Jobs;
using Fleet.Privileges;
using Fleet.Processes;
using Fleet.RootTasks;
using Fleet.Sandboxes;
using static Fleet.RootHelper.Tests.JobHost;

namespace Fleet.RootHelper.Tests;

/// <summary>What a job with more than the baseline has, and that it has nothing else.</summary>
public sealed class JobTests(Keys keys) : IClassFixture<Keys>, IDisposable
{
    private const string Status = "grep -E '^(Uid|Gid|CapEff|CapBnd|NoNewPrivs|Seccomp):' /proc/self/status";

    private readonly JobHost host = new(keys);

    public void Dispose() => host.Dispose();

    [Fact]
    public void With_a_capability_it_has_that_one_as_the_job_s_own_user_behind_the_filter() => Assert.Equal(
        "Uid: 2066536 2066536 2066536 2066536 Gid: 3066536 3066536 3066536 3066536 CapEff: 0000000000001000 CapBnd: 0000000000001000 NoNewPrivs: 1 Seccomp: 2",
        host.Run(Job(Status, "capability:NET_ADMIN")));

    [Fact]
    public void As_root_it_is_the_host_s_root_without_a_capability() => Assert.Equal(
        "Uid: 0 0 0 0 Gid: 0 0 0 0 CapEff: 0000000000000000 CapBnd: 0000000000000000 NoNewPrivs: 1 Seccomp: 2", host.Run(Job(Status, "run_as_root")));

    [Fact]
    public void What_BPM_calls_privileged_is_BPM_s_set_as_far_as_this_machine_has_it()
    {
        // BPM's 38, without those that the root of a container often has not got, such as CAP_SYS_RESOURCE.
        var capabilities = (0x3fffffffff & Machine.Bounding).ToString("x16", System.Globalization.CultureInfo.InvariantCulture);
        var job = Job($"{Status}; grep -v ' /sys ' /proc/self/mountinfo | grep -c nosuid; stat -c %u /var/vcap/store/silk; touch /x && echo writes; head -c 1 /proc/sys/kernel/ostype", BpmPrivileged);

        Assert.Equal(
            $"Uid: 0 0 0 0 Gid: 0 0 0 0 CapEff: {capabilities} CapBnd: {capabilities} NoNewPrivs: 0 Seccomp: 0 1 2066536 writes L",
            host.Run(job with { Processes = [job.Processes[0] with { PersistentDisk = true }] }));
    }

    [Fact]
    public void A_capability_that_the_machine_has_not_got_is_named()
    {
        var job = Job(new ProcessSpec { Name = "daemon", Executable = "/bin/true", Unsafe = new Unsafe(true, [], false) });
        var missing = PrivilegeSet.Of(Silk, job.Processes[0]).Members.OfType<Privilege.Capability>().Where(c => !Machine.Has(c.Name)).ToList();
        var refusal = host.Start(job).Refusal;

        Assert.Equal(missing.Count > 0 ? RootDenial.CannotRun : null, refusal?.Code);
        Assert.Equal(missing.Count > 0 ? $"this machine cannot give {string.Join(" and ", missing.Select(c => $"CAP_{c.Name}"))}: its own root has not got it" : null, refusal?.Message);
    }

    [Fact]
    public void It_sees_the_host_s_processes_where_that_is_granted_and_only_there()
    {
        Assert.Equal("tini", host.Run(Job("cat /proc/1/comm", "run_as_root")));
        Assert.Contains($" {Environment.ProcessId} ", $" {host.Run(Job("cd /proc && echo [0-9]*", "run_as_root", "host_pid_namespace"))} ", StringComparison.Ordinal);
    }

    [Fact]
    public void Masked_paths_are_masked_unless_they_are_granted()
    {
        const string look = "head -c 4 /proc/timer_list | wc -c; echo x > /proc/sys/kernel/domainname 2>/dev/null && echo writable || echo read-only";

        Assert.Equal("0 read-only", host.Run(Job(look, "run_as_root")));
        Assert.StartsWith("4", host.Run(Job("head -c 4 /proc/timer_list | wc -c", "run_as_root", "capability:SYS_ADMIN", "capability:SYSLOG", "unmasked_paths"))["0 read-only ".Length..], StringComparison.Ordinal);
    }

    [Fact]
    public void Unrestricted_volumes_are_the_host_s_by_their_options_and_by_patterns()
    {
        var folder = Directory.CreateDirectory($"{host.Host.Prefix}/outside/a").FullName;
        File.WriteAllText($"{folder}/file", "word");
        var job = Job(new ProcessSpec
        {
            Name = "daemon", Executable = "/bin/sh",
            Args = ["-c", $"cat {folder}/file; touch {folder}/new || echo ' read-only'; ls -d {host.Host.Prefix}/outside/* | wc -l"],
            Unsafe = new Unsafe(false, [new Volume($"{host.Host.Prefix}/outside/*"), new Volume($"{host.Host.Prefix}/nothing*")], false),
        });

        Assert.Equal("word read-only 1", host.Run(job));
        host.Run(Job($"rm {folder}/file", $"unrestricted_volume:{folder}:rw", "run_as_root"));
        Assert.False(File.Exists($"{folder}/file"));
    }

    [Fact]
    public void Files_of_the_job_are_those_that_were_signed_and_root_s()
    {
        var script = "#!/bin/sh\nid -u; stat -c '%u %a' \"$0\"; touch \"$0\" 2>/dev/null || echo read-only\n";
        var job = Job(
            new ProcessSpec { Name = "daemon", Executable = "/var/vcap/jobs/silk/bin/run", Privileges = [new Privilege.RunAsRoot()] },
            new JobFile("bin/run", 0x1ED, Digest.Of(script)), new JobFile("config", 0x1A4, Digest.Of("words")));

        Assert.Equal("0 0 755 read-only", host.Run(job, script, "words"));
    }

    [Fact]
    public void A_secret_comes_as_it_was_signed()
    {
        var job = Job(new ProcessSpec
        {
            Name = "daemon", Executable = "/bin/sh", Args = ["-c", "echo $TOKEN"], Privileges = [new Privilege.RunAsRoot()],
            Env = System.Collections.Immutable.ImmutableSortedDictionary.CreateRange(StringComparer.Ordinal, [KeyValuePair.Create("TOKEN", (EnvValue)new EnvValue.Secret(Digest.Of("hunter2")))]),
        });

        Assert.Equal("hunter2", host.Run(job, "hunter2"));
        Assert.Equal(RootDenial.OtherContent, host.Start(job, "hunter3").Refusal!.Code);
    }

    [Fact]
    public void Its_limits_are_above_what_it_can_reach()
    {
        var job = Job("head -c 300m /dev/zero | tail -c 300m > /dev/null; sleep 1; echo survived", "run_as_root");
        var request = host.Request(job with { Processes = [job.Processes[0] with { Limits = new Limits { Memory = 64 << 20, Processes = 20 } }] });

        Assert.NotNull(host.Ask(request).Started);
        host.Exit(request.Id);
        var counted = Machine.HasCgroupV1 ? $"/sys/fs/cgroup/memory/fleet-jobs/{request.Id}/limited/job/memory.oom_control" : $"/sys/fs/cgroup/fleet-jobs/{request.Id}/limited/memory.events";
        Assert.Matches(new Regex("oom_kill [1-9]"), File.ReadAllText(counted));
    }

    [Fact]
    public void Who_may_make_device_nodes_can_open_none_but_those_of_every_sandbox_and_those_granted()
    {
        const string script = "mknod /dev/kmsg c 1 11; head -c 1 /dev/kmsg 2>&1 >/dev/null | grep -o 'not permitted'; mknod /dev/null2 c 1 3 && head -c 1 /dev/null2 && echo fine; ls /dev/fuse 2>/dev/null; true";

        Assert.Equal("not permitted fine", host.Run(Job(script, "run_as_root", "capability:MKNOD")));
        Assert.EndsWith("not permitted fine /dev/fuse", host.Run(Job(script, "run_as_root", "capability:MKNOD", "device:/dev/fuse:rw")), StringComparison.Ordinal);
    }

    [Fact]
    public void The_kernel_s_view_is_said_with_the_namespaces_that_only_root_can_see()
    {
        var request = host.Request(Job("sleep 100", "capability:NET_ADMIN"));
        Assert.NotNull(host.Ask(request).Started);

        var view = host.Look(request.Id)!;

        Assert.Equal(
            "uid 2066536, gid 3066536; capabilities NET_ADMIN; system-call filter on; no_new_privs on; shares with the host net user", view.ToString());
        Assert.Null(host.Look(RunId.Parse("another")));
    }
}
