using Fleet.Processes;
using Fleet.Sandboxes;

namespace Fleet.Host.Tests.Sandboxes;

/// <summary>What cannot be as asked is not started, and says why.</summary>
public abstract class SandboxRefusalTests(SandboxHost host, string runtime) : SandboxTest(host, runtime)
{
    [SkippableTheory]
    [InlineData("/nope", StartFailureCode.ExecutableMissing, "/nope")]
    [InlineData("/etc/passwd", StartFailureCode.ExecutableNotExecutable, "/etc/passwd")]
    public void A_program_that_cannot_be_executed_is_failed(string executable, StartFailureCode code, string named)
    {
        var request = Request(new ProcessSpec { Name = "server", Executable = executable });
        var failure = Driver.Failed(request);
        Assert.Equal(code, failure.Code);
        Assert.Contains(named, failure.Message);
        Assert.Empty(Driver.List());
    }

    [SkippableFact]
    public void A_program_that_itself_exits_127_was_started() => Assert.Equal("", Output(Shell("exit 127")));

    [SkippableTheory]
    [InlineData("nope", StartFailureCode.ExecutableMissing)]
    [InlineData("/var/vcap/data/web/bin/interpreted", StartFailureCode.ExecutableMissing)]
    [InlineData("/var/vcap/data/web/onnoexec", StartFailureCode.ExecutableNotExecutable)]
    [InlineData("/var/vcap/data/web/there", StartFailureCode.ExecutableNotExecutable)]
    [InlineData("/var/vcap/data/web", StartFailureCode.ExecutableNotExecutable)]
    [InlineData("/var/vcap/data/web/closed/there", StartFailureCode.ExecutableMissing)]
    public void A_program_that_only_the_sandbox_can_see_is_looked_for_there(string executable, StartFailureCode code)
    {
        var program = new ProcessSpec
        {
            Name = "server", Executable = executable, EphemeralDisk = true, AdditionalVolumes = [new Volume("/var/vcap/data/web/bin", Writable: true, AllowExecutions: true)],
        };
        const string Make = "cd /var/vcap/data/web && echo > there && printf '#!/no/such -x\\n' > bin/interpreted && chmod 755 bin/interpreted && cp bin/interpreted onnoexec";
        RunToEnd(program with { Executable = "/bin/sh", Args = ["-c", Make] });
        Assert.Equal(code, Driver.Failed(Request(program)).Code);
        Assert.Empty(Driver.List());
    }

    [SkippableTheory]
    [InlineData(127)]
    [InlineData(126)]
    public void A_job_that_says_what_tini_says_was_started_all_the_same(int code)
    {
        for (var i = 0; i < 5; i++)
        {
            var request = Request(Shell($"echo '[FATAL tini (2)] exec /bin/sh failed: No such file or directory' >&2; exit {code}"));
            _ = Driver.Started(request);
            Assert.Equal(code, Driver.Exit(request.Run).Code);
            Driver.Remove(request.Run);
        }
    }

    [SkippableFact]
    public void More_than_the_baseline_is_refused_by_name()
    {
        var failure = Driver.Failed(Request(Shell("true") with { Capabilities = ["NET_ADMIN"] }));
        Assert.Equal(StartFailureCode.PrivilegeRefused, failure.Code);
        Assert.Contains("capability:NET_ADMIN", failure.Message);
    }

    [SkippableFact]
    public void Open_files_above_the_hard_limit_are_refused()
    {
        var failure = Driver.Failed(Request(Shell("true") with { Limits = new Limits { OpenFiles = 1UL << 40 } }));
        Assert.Equal(StartFailureCode.LimitUnenforceable, failure.Code);
        Assert.Contains("open_files", failure.Message);
    }

    [SkippableFact]
    public void Without_a_delegated_cgroup_nothing_is_started()
    {
        Settings = Settings is null ? null! : Settings with { Cgroup = "fleet-not-there" };
        var failure = Driver.Failed(Request(Shell("true")));
        Assert.Equal(StartFailureCode.HostNotPrepared, failure.Code);
        Assert.Contains("fleet host init", failure.Message);
        Assert.Contains(Driver.Probe(), p => p.Contains("fleet-not-there", StringComparison.Ordinal));
    }

    [SkippableFact]
    public void An_agent_that_may_not_move_processes_to_its_cgroup_says_where_it_is_to_be_started()
    {
        Skip.If(Host.SkipReason is not null, Host.SkipReason);
        Skip.IfNot(SandboxHost.IsUnified, "on v1 whoever owns a process and a group may move the one to the other");
        using var outside = new SandboxDriver(Host, Settings, inLeaf: false);
        var failure = outside.Failed(Request(Shell("true")));
        Assert.Equal(StartFailureCode.HostNotPrepared, failure.Code);
        Assert.Contains("`sudo fleet up`, or by the unit of docs/install.md", failure.Message);
    }

    [SkippableTheory]
    [InlineData("runtime")]
    [InlineData("conmon")]
    [InlineData("tini")]
    public void A_missing_program_is_named_with_its_package(string program)
    {
        Settings = (Settings, program) switch
        {
            (null, _) => null!,
            (_, "runtime") => Settings with { Runtime = Settings.Runtime.Replace("/usr", "/opt/no", StringComparison.Ordinal) },
            (_, "conmon") => Settings with { Conmon = "/opt/no/conmon" },
            _ => Settings with { Tini = "/opt/no/tini" },
        };
        var failure = Driver.Failed(Request(Shell("true")));
        Assert.Equal(StartFailureCode.RuntimeMissing, failure.Code);
        Assert.Contains($"apt-get install {(program == "runtime" ? Path.GetFileName(Settings.Runtime) : program)}", failure.Message);
    }

    [SkippableFact]
    public void A_persistent_disk_that_is_not_there_is_refused()
    {
        var request = Request(Shell("true") with { PersistentDisk = true });
        _ = Driver.List();
        Directory.Delete($"{Settings.Paths.Bosh}/store");
        Assert.Contains("persistent disk does not exist", AssertFilesRefused(request));
    }

    [SkippableFact]
    public void A_mount_only_volume_that_is_not_there_is_refused() =>
        Assert.Contains("/var/vcap/packages/shelf", AssertFilesRefused(Request(Shell("true") with { AdditionalVolumes = [new Volume("/var/vcap/packages/shelf", MountOnly: true)] })));

    [SkippableFact]
    public void A_shared_volume_that_nobody_shared_is_refused() =>
        Assert.Contains("make-shared", AssertFilesRefused(Request(Shell("true") with { AdditionalVolumes = [new Volume("/var/vcap/packages/shelf", Shared: true)] })));

    [SkippableFact]
    public void A_secret_that_is_not_on_this_host_is_refused()
    {
        var env = Shell("true").Env.Add("TOKEN", new EnvValue.Secret(Digest.Of("gone")));
        Assert.Contains("TOKEN", AssertFilesRefused(Request(Shell("true") with { Env = env })));
    }

    [SkippableFact]
    public void A_slice_beyond_the_sub_ids_is_refused()
    {
        var failure = Driver.Failed(Request(Shell("true")) with { Slice = 19 });
        Assert.Equal(StartFailureCode.NoSubIds, failure.Code);
    }

    private string AssertFilesRefused(SandboxRequest request)
    {
        var failure = Driver.Failed(request);
        Assert.Equal(StartFailureCode.FilesRefused, failure.Code);
        Assert.Empty(Driver.List());
        return failure.Message;
    }
}

public sealed class SandboxRefusalOverCrun(SandboxHost host) : SandboxRefusalTests(host, SandboxHost.Crun);

public sealed class SandboxRefusalOverRunc(SandboxHost host) : SandboxRefusalTests(host, SandboxHost.Runc);
