using Fleet.Grants;
using Fleet.Jobs;
using Fleet.Privileges;
using Fleet.Processes;
using Fleet.RootTasks;
using Fleet.Sandboxes;
using static Fleet.RootHelper.Tests.JobHost;

namespace Fleet.RootHelper.Tests;

/// <summary>A taken-over agent that waits for an approved privileged job gains nothing from it: each of these runs nothing, and the helper still answers.</summary>
public sealed class JobAttackTests(Keys keys) : IClassFixture<Keys>, IDisposable
{
    private readonly JobHost host = new(keys);

    private static JobSpec Approved { get; } = Job("echo approved", "run_as_root");

    public void Dispose() => host.Dispose();

    [Fact]
    public void Another_content_than_was_signed() =>
        AssertRefused(RootDenial.OtherContent, host.Request(Job("echo other", "run_as_root"), Grant(Approved)));

    [Fact]
    public void The_content_of_another_job() =>
        AssertRefused(RootDenial.OtherContent, host.Request(Approved, Grant(Approved) is var grant ? grant with { PrivilegedJob = grant.PrivilegedJob! with { Job = JobId.Parse("other") } } : grant));

    [Theory]
    [InlineData(" ")]
    [InlineData("\n")]
    public void A_signed_content_in_another_form(string more)
    {
        var request = host.Request(Approved);
        var content = request.Content.AddRange(System.Text.Encoding.ASCII.GetBytes(more));
        var grant = Grant(Approved) is var honest ? honest with { PrivilegedJob = honest.PrivilegedJob! with { Content = Digest.Of(content.AsSpan()) } } : honest;
        AssertRefused(RootDenial.OtherContent, host.Request(Approved, grant) with { Content = content });
    }

    [Fact]
    public void More_than_the_grant_gives() =>
        AssertRefused(RootDenial.BeyondGrant, host.Request(Approved, Grant(Approved) with { Privileges = new PrivilegeSet([new Privilege.Capability("CHOWN")]) }));

    [Fact]
    public void A_process_that_the_job_has_not() => AssertRefused(RootDenial.OtherContent, host.Request(Approved) with { Process = "other" });

    [Fact]
    public void A_hook_that_the_process_has_not() => AssertRefused(RootDenial.OtherContent, host.Request(Approved) with { Phase = SandboxPhase.PreStart });

    [Theory]
    [InlineData(4, 1000)]
    [InlineData(int.MaxValue, 1000)]
    [InlineData(1, 65536)]
    public void Ids_beyond_the_agent_s_own(int slice, int user) =>
        AssertRefused(RootDenial.BadRequest, host.Request(Approved) with { Slice = slice, User = new UserIds(user, 0) });

    [Fact]
    public void A_host_that_has_no_jobs_of_this_kind()
    {
        host.Host.Set(host.Policy with { Jobs = null });
        AssertRefused(RootDenial.BeyondPolicy, host.Request(Approved));
        host.Host.Set(host.Policy with { Jobs = host.Policy.Jobs! with { Most = new PrivilegeSet([new Privilege.Capability("NET_ADMIN")]) } });
        Assert.Contains("run_as_root", AssertRefused(RootDenial.BeyondPolicy, host.Request(Approved)), StringComparison.Ordinal);
        host.Host.Set(host.Policy);
    }

    [Fact]
    public void A_grant_that_is_over_or_of_a_root_task_or_without_enough_signatures()
    {
        AssertRefused(RootDenial.Over, host.Request(Approved, Grant(Approved) is var grant ? grant with { NotAfter = grant.NotBefore.AddSeconds(2) } : grant));
        AssertRefused(RootDenial.NotAGrant, host.Request(Approved, HelperHost.Grant("/bin/true")));
        AssertRefused(RootDenial.TooFewSigners, host.Request(Approved) with { Approvals = [] });
        Assert.Equal(RootDenial.NotAGrant, host.Host.Ask(host.Host.Signed(Grant(Approved), "bob")).Refusal!.Code);
    }

    [Fact]
    public void The_same_run_once_more()
    {
        var request = host.Request(Job("sleep 100", "run_as_root"));
        Assert.NotNull(host.Ask(request).Started);
        Assert.Equal(RootDenial.UseTaken, host.Ask(request).Refusal!.Code);
    }

    [Fact]
    public void A_program_that_the_agent_or_the_job_keeps()
    {
        foreach (var path in (string[])["/var/vcap/data/silk/run", "/var/vcap/store/silk/run", "/var/vcap/jobs/silk/bin/run", "/var/vcap/packages/silk/run", "/tmp/run", "/var/vcap/data/silk/../../packages/run"])
        {
            var file = host.Vcap + path.Replace("/var/vcap", "", StringComparison.Ordinal);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, "#!/bin/sh\necho gained\n");
            File.SetUnixFileMode(file, (UnixFileMode)0x1ED);
            Tool.Run("/bin/chown", "-R", $"{HelperHost.Agent}", Path.GetDirectoryName(file)!);
            AssertRefused(RootDenial.UnsafePath, host.Request(Job(new ProcessSpec { Name = "daemon", Executable = path, Privileges = [new Privilege.RunAsRoot()] })));
        }

        AssertRefused(RootDenial.UnsafePath, host.Request(Job(new ProcessSpec { Name = "daemon", Executable = "run", Privileges = [new Privilege.RunAsRoot()] })));
    }

    [Fact]
    public void An_interpreter_that_the_agent_keeps()
    {
        const string script = "#!/var/vcap/packages/sh\n";
        File.Copy("/bin/sh", $"{host.Vcap}/packages/sh");
        Tool.Run("/bin/chown", $"{HelperHost.Agent}", $"{host.Vcap}/packages/sh");
        var request = host.Request(Job(
            new ProcessSpec { Name = "daemon", Executable = "/var/vcap/jobs/silk/run", Privileges = [new Privilege.RunAsRoot()] }, new JobFile("run", 0x1ED, Digest.Of(script))));

        Assert.Equal(RootDenial.UnsafePath, host.Ask(request, script).Refusal!.Code);
        AssertNothingRuns(request.Id);
    }

    [Fact]
    public void An_interpreter_of_a_script_that_is_a_script_of_the_job_is_looked_at_too()
    {
        const string outer = "#!/var/vcap/jobs/silk/inner\n", inner = "#!/var/vcap/data/silk/sh\n";
        var request = host.Request(Job(
            new ProcessSpec { Name = "daemon", Executable = "/var/vcap/jobs/silk/outer", Privileges = [new Privilege.RunAsRoot()] },
            new JobFile("outer", 0x1ED, Digest.Of(outer)), new JobFile("inner", 0x1ED, Digest.Of(inner))));

        Assert.Equal(RootDenial.UnsafePath, host.Ask(request, outer, inner).Refusal!.Code);
        AssertNothingRuns(request.Id);
    }

    [Fact]
    public void On_the_host_itself_no_file_of_the_job_is_an_interpreter()
    {
        const string hook = "#!/var/vcap/jobs/silk/sh\n";
        var request = host.Request(Job(
            new ProcessSpec { Name = "daemon", Executable = "/bin/true", Hooks = new Hooks("/var/vcap/jobs/silk/hook"), Privileges = [new Privilege.RootPreStart()] },
            new JobFile("hook", 0x1ED, Digest.Of(hook)), new JobFile("sh", 0x1ED, Digest.Of("#!/bin/sh\n")))) with { Phase = SandboxPhase.PreStart };

        Assert.Contains("an interpreter is root's alone", host.Ask(request, hook, "#!/bin/sh\n").Refusal!.Message, StringComparison.Ordinal);
        AssertNothingRuns(request.Id);
    }

    [Theory]
    [InlineData("../../../etc/cron.d/x")]
    [InlineData("/etc/cron.d/x")]
    public void A_signed_content_whose_file_would_be_written_elsewhere(string path) => AssertRefused(RootDenial.OtherContent, host.Request(Job(
        new ProcessSpec { Name = "daemon", Executable = "/bin/true", Privileges = [new Privilege.RunAsRoot()] }, new JobFile(path, 0x1A4, Digest.Of("x")))));

    [Fact]
    public void A_volume_over_the_files_that_were_signed()
    {
        const string script = "#!/bin/sh\necho signed\n";
        Directory.CreateDirectory($"{host.Vcap}/jobs/silk/bin");
        var request = host.Request(Job(
            new ProcessSpec
            {
                Name = "daemon", Executable = "/var/vcap/jobs/silk/bin/run", Privileges = [new Privilege.RunAsRoot()],
                AdditionalVolumes = [new Volume("/var/vcap/jobs/silk/bin", AllowExecutions: true)],
            },
            new JobFile("bin/run", 0x1ED, Digest.Of(script))));

        Assert.Contains("whose files are signed", host.Ask(request, script).Refusal!.Message, StringComparison.Ordinal);
        AssertNothingRuns(request.Id);
    }

    [Fact]
    public void A_shared_volume_in_a_folder_that_others_can_write()
    {
        Directory.CreateDirectory($"{host.Vcap}/data/silk/depot");
        var process = new ProcessSpec
        {
            Name = "daemon", Executable = "/bin/true", Privileges = [new Privilege.RunAsRoot()], EphemeralDisk = true,
            AdditionalVolumes = [new Volume("/var/vcap/data/silk/depot", Writable: true, Shared: true)],
        };
        Assert.Contains("lies in /var/vcap/data/silk", AssertRefused(RootDenial.UnsafePath, host.Request(Job(process))), StringComparison.Ordinal);
        Assert.DoesNotContain("silk/depot", File.ReadAllText("/proc/self/mountinfo"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/dev")]
    [InlineData("/proc/sys")]
    public void A_volume_that_a_sandbox_has_of_its_own(string path) => AssertRefused(RootDenial.UnsafePath, host.Request(Job("echo", $"unrestricted_volume:{path}", "run_as_root")));

    [Fact]
    public void One_process_of_a_job_twice_at_once()
    {
        var job = Job("sleep 100", "run_as_root");
        Assert.NotNull(host.Start(job).Started);

        Assert.Contains("runs already", host.Start(job).Refusal!.Message, StringComparison.Ordinal);
        Assert.Equal(RootDenial.UseTaken, host.Ask(host.Request(job) with { Slice = 2 }).Refusal!.Code);
    }

    [Fact]
    public void A_grant_that_lets_a_job_go_on_where_the_host_lets_none()
    {
        host.Host.Set(host.Policy with { Jobs = host.Policy.Jobs! with { KeepRunning = false } });
        AssertRefused(RootDenial.KeepsRunning, host.Request(Approved, Grant(Approved) is var grant ? grant with { PrivilegedJob = grant.PrivilegedJob! with { AtEnd = AtEnd.KeepRunning } } : grant));
        host.Host.Set(host.Policy);
    }

    [Fact]
    public void An_agent_that_holds_a_run_still_cannot_keep_it_from_ending()
    {
        var marker = Leftovers.Marker();
        var request = host.Request(Job($"sleep {marker}", "run_as_root"));
        Assert.NotNull(host.Ask(request).Started);
        Leftovers.AwaitProcess(marker);
        var hold = Machine.HasCgroupV1
            ? $"echo FROZEN > /sys/fs/cgroup/freezer/fleet-jobs/{request.Id}/limited/freezer.state"
            : $"echo 1 > /sys/fs/cgroup/fleet-jobs/{request.Id}/limited/cgroup.freeze";
        Tool.Run("/usr/bin/setpriv", "--reuid", $"{HelperHost.Agent}", "--clear-groups", "/bin/sh", "-c", hold);

        host.AssertNothingLeft(request.Id);
        Leftovers.AssertGone(marker);
    }

    [Fact]
    public void Packages_that_the_agent_keeps_are_not_even_seen()
    {
        File.WriteAllText($"{host.Vcap}/packages/library", "");
        Tool.Run("/bin/chown", $"{HelperHost.Agent}", $"{host.Vcap}/packages");
        Assert.Equal("0", host.Run(Job("ls /var/vcap/packages 2>/dev/null | wc -l", "run_as_root")));
    }

    [Fact]
    public void What_the_agent_has_put_into_the_job_s_own_folder_is_not_seen()
    {
        Directory.CreateDirectory($"{host.Vcap}/jobs/silk");
        File.WriteAllText($"{host.Vcap}/jobs/silk/config", "");
        Tool.Run("/bin/chown", "-R", $"{HelperHost.Agent}", $"{host.Vcap}/jobs/silk");
        Assert.Equal("0", host.Run(Job("ls /var/vcap/jobs/silk 2>/dev/null | wc -l", "run_as_root")));
    }

    [Theory]
    [InlineData("data/silk/tmp", "/etc")]
    [InlineData("store/silk", "/etc")]
    [InlineData("sys/log/silk", "/etc")]
    public void A_folder_that_was_replaced_by_a_link(string folder, string target)
    {
        var parent = Path.GetDirectoryName($"{host.Vcap}/{folder}")!;
        Tool.Run("/bin/chown", $"{HelperHost.Agent}", parent);
        Tool.Run("/bin/mv", $"{host.Vcap}/{folder}", $"{host.Vcap}/{folder}.old");
        File.CreateSymbolicLink($"{host.Vcap}/{folder}", target);
        var job = Approved with { Processes = [Approved.Processes[0] with { PersistentDisk = true }] };

        AssertRefused(RootDenial.UnsafePath, host.Request(job));
    }

    [Theory]
    [InlineData("link")]
    [InlineData("hard link")]
    [InlineData("pipe")]
    [InlineData("root's")]
    [InlineData("nothing")]
    public void A_log_that_is_something_else(string what)
    {
        var (log, secret) = ($"{host.Vcap}/sys/log/silk/daemon.stdout.log", $"{host.Host.Prefix}/secret");
        File.WriteAllText(secret, "");
        File.Delete(log);
        _ = what switch
        {
            "link" => Tool.Run("/bin/ln", "-s", secret, log),
            "hard link" => Tool.Run("/bin/ln", secret, log),
            "pipe" => Tool.Run("/usr/bin/mkfifo", log),
            "root's" => Tool.Run("/bin/touch", log),
            _ => "",
        };

        var request = host.Request(Approved);
        Assert.Equal(RootDenial.UnsafePath, host.Ask(request).Refusal!.Code);
        Assert.Equal("", File.ReadAllText(secret));
        File.Delete(log);
        AssertNothingRuns(request.Id);
    }

    [Fact]
    public void A_volume_of_another_s_that_is_a_link()
    {
        Directory.CreateDirectory($"{host.Vcap}/data/silk/shelf");
        Directory.Delete($"{host.Vcap}/data/silk/shelf");
        File.CreateSymbolicLink($"{host.Vcap}/data/silk/shelf", "/etc");
        AssertRefused(RootDenial.UnsafePath, host.Request(Job(new ProcessSpec
        {
            Name = "daemon", Executable = "/bin/true", Privileges = [new Privilege.RunAsRoot()], AdditionalVolumes = [new Volume("/var/vcap/data/silk/shelf", Writable: true)],
        })));
    }

    [Fact]
    public void A_run_s_name_of_another_s_is_signalled_or_looked_at_in_vain()
    {
        foreach (var name in (string[])["nothing-000000000000", "..", "../x", "a/b", ""])
        {
            Assert.False(RunId.TryParse(name, out _) && host.Ask(new RootRequest.LookAtJob(RunId.Parse(name))).Kernel is not null);
        }

        host.Signal(RunId.Parse("nothing-000000000000"), StopSignal.Kill);
        Assert.True(host.Ask(new RootRequest.RemoveJob(RunId.Parse("nothing-000000000000"))).IsDone);
    }

    [Theory]
    [InlineData(33 << 20)]
    [InlineData(-1)]
    public void Contents_without_an_end_or_that_never_come(int bytes)
    {
        var job = Job(new ProcessSpec { Name = "daemon", Executable = "/bin/true", Privileges = [new Privilege.RunAsRoot()] }, new JobFile("a", 0x1A4, Digest.Of("a")));
        var request = host.Request(job);
        using var socket = host.Host.Begin(request);
        if (bytes > 0)
        {
            var sent = Record.Exception(() => JobAnswer.Send(socket, new string('x', bytes)));
            Assert.True(sent is null or System.Net.Sockets.SocketException, sent?.ToString());
        }

        var refusal = Record.Exception(() => Assert.Equal(RootDenial.BadRequest, JobAnswer.Read(socket).Refusal!.Code));
        Assert.True(refusal is null or System.Net.Sockets.SocketException, refusal?.ToString());
        AssertNothingRuns(request.Id);
    }

    private string AssertRefused(RootDenial code, RootRequest.StartJob request)
    {
        var answer = host.Ask(request);
        Assert.Equal((code, null), (answer.Refusal?.Code, answer.Started));
        AssertNothingRuns(request.Id);
        return answer.Refusal!.Message;
    }

    private void AssertNothingRuns(RunId run)
    {
        Assert.True(!File.Exists($"{host.Vcap}/sys/log/silk/daemon.stdout.log") || host.Stdout.Length == 0);
        Assert.False(Directory.Exists($"{Machine.Hierarchy}/fleet-jobs/{run}"));
        Assert.Empty(Leftovers.Processes(run.Text));
        Assert.DoesNotContain(host.Host.Log(), entry => entry.What == RootAct.Starting && entry.Run == run && !host.Host.Log().Any(e => e.What == RootAct.Lost && e.Run == run));
        host.Host.AssertUnharmed();
    }
}
