using Fleet.Processes;
using Fleet.Sandboxes;

namespace Fleet.Host.Tests.Sandboxes;

/// <summary>A job plants something in a folder that it can write, and waits for the agent's next start to fall for it.</summary>
public abstract class SandboxLinkTests(SandboxHost host, string runtime) : SandboxTest(host, runtime)
{
    private const string Trap = "/var/vcap/sys/log/web/server.stdout.log";

    [SkippableTheory]
    [InlineData("ln -s /etc/passwd " + Trap)]
    [InlineData("ln -s ../../../../state/contents/x " + Trap)]
    [InlineData("echo x > /var/vcap/sys/log/web/other; ln /var/vcap/sys/log/web/other " + Trap)]
    [InlineData("mkfifo " + Trap)]
    [InlineData("mkdir " + Trap)]
    public void A_trap_in_the_log_folder_is_refused(string trap)
    {
        RunToEnd(Shell($"rm {Trap}; {trap}; echo trapped >&2"));
        Assert.Equal("trapped\n", Stderr);
        Assert.Contains("server.stdout.log", AssertRefused(Request(Shell("true"))));
    }

    [SkippableFact]
    public void A_temporary_folder_that_leads_to_the_agents_own_is_not_mounted()
    {
        _ = Output(Shell("rm -r /var/vcap/data/web/tmp") with { EphemeralDisk = true });
        SandboxHost.Sh($"rm -r {Settings.Paths.Tmp(Id.Job)}; ln -s {Settings.Paths.State} {Settings.Paths.Tmp(Id.Job)}");
        Assert.Contains(Settings.Paths.Tmp(Id.Job), AssertRefused(Request(Shell("cat /tmp/*/*/config.json"))));
        Assert.Equal("", Stdout);
    }

    [SkippableFact]
    public void A_volume_that_leads_out_of_the_jobs_disk_is_not_mounted()
    {
        _ = Output(Shell("ln -s /etc /var/vcap/store/web/shelf") with { PersistentDisk = true });
        var request = Request(Shell("ls /var/vcap/store/web/shelf") with { PersistentDisk = true, AdditionalVolumes = [new Volume("/var/vcap/store/web/shelf", Writable: true)] });

        // The runtime follows the link at the destination too, inside: it mounts over the sandbox's own /etc, which then is writable.
        var failure = Driver.Failed(request);
        Assert.Equal(StartFailureCode.VerificationFailed, failure.Code);
        Assert.Contains("/etc is mounted without ro", failure.Message);
        Assert.Empty(Driver.List());
    }

    // The agent itself cannot look into the job's disk; a volume in there is made in the job's name.
    [SkippableFact]
    public void A_volume_below_the_jobs_disk_is_made()
    {
        _ = Output(Shell("true") with { PersistentDisk = true });
        var volumes = Shell("touch /var/vcap/store/web/plugins/a && echo made") with { PersistentDisk = true, AdditionalVolumes = [new Volume("/var/vcap/store/web/plugins", Writable: true)] };
        Assert.Equal("made\n", Output(volumes));
    }

    [SkippableFact]
    public void A_temporary_folder_that_the_job_removed_is_made_again()
    {
        _ = Output(Shell("true"));
        SandboxHost.Sh($"rm -r {Settings.Paths.Tmp(Id.Job)}");
        Assert.Equal("made\n", Output(Shell("touch /tmp/a && echo made")));
    }

    [SkippableFact]
    public void Links_of_the_agent_or_root_are_followed()
    {
        Skip.If(Host.SkipReason is not null, Host.SkipReason);
        SandboxHost.Sh($"mv {Settings.Paths.Bosh} {Settings.Paths.Bosh}.real; ln -s {Settings.Paths.Bosh}.real {Settings.Paths.Bosh}");
        Assert.Equal("there\n", Output(Shell("echo there")));
    }

    private string AssertRefused(SandboxRequest request)
    {
        var failure = Driver.Failed(request);
        Assert.Equal(StartFailureCode.FilesRefused, failure.Code);
        Assert.Empty(Driver.List());
        return failure.Message;
    }
}

public sealed class SandboxLinkOverCrun(SandboxHost host) : SandboxLinkTests(host, SandboxHost.Crun);

public sealed class SandboxLinkOverRunc(SandboxHost host) : SandboxLinkTests(host, SandboxHost.Runc);
