using System.Text;
using Fleet.Jobs;
using Fleet.Processes;
using Fleet.Sandboxes;

namespace Fleet.Host.Tests.Sandboxes;

public abstract class SandboxContentTests(SandboxHost host, string runtime) : SandboxTest(host, runtime)
{
    [SkippableFact]
    public void Files_are_there_read_only_and_only_for_the_job()
    {
        var file = new JobFile("config/app.conf", 0x1A4, Put("port = 80\n"));
        var output = Output(Shell("cat config/app.conf; echo x > config/app.conf; echo $?"), r => r with { Files = [file] });
        Assert.Equal("port = 80\n2\n", output);
        Assert.Equal((UnixFileMode)0x1E8, File.GetUnixFileMode(Settings.Paths.Job(Id.Job)));
    }

    [SkippableFact]
    public void A_file_that_the_job_no_longer_has_is_gone_and_a_changed_one_is_changed()
    {
        _ = Output(Shell("true"), r => r with { Files = [new JobFile("a", 0x1A4, Put("1")), new JobFile("b", 0x1ED, Put("echo two"))] });
        var output = Output(Shell("cat a; ls b"), r => r with { Files = [new JobFile("a", 0x1A4, Put("3"))] });
        Assert.Equal("3", output);
        Assert.Contains("'b': No such file", Stderr);
    }

    [SkippableFact]
    public void A_file_whose_content_is_not_on_this_host_is_refused()
    {
        var failure = Driver.Failed(Request(Shell("true")) with { Files = [new JobFile("a", 0x1A4, Digest.Of("gone"))] });
        Assert.Equal(StartFailureCode.FilesRefused, failure.Code);
    }

    [SkippableFact]
    public void A_secret_is_in_the_environment_and_in_no_file_that_others_can_read()
    {
        var spec = Shell("echo $TOKEN; sleep 1000");
        var request = Request(spec with { Env = spec.Env.Add("TOKEN", new EnvValue.Secret(Put("hunter2"))) });
        _ = Driver.Started(request);
        AssertSays("hunter2\n", Id);
        Assert.Equal((UnixFileMode)0x180, File.GetUnixFileMode($"{Settings.Paths.Bundle(request.Run)}/config.json"));
    }

    [SkippableFact]
    public void The_pre_start_hook_runs_in_the_same_sandbox()
    {
        var spec = Shell("cat /var/vcap/store/web/made") with { PersistentDisk = true, Hooks = new Hooks("/var/vcap/jobs/web/bin/pre") };
        var hook = new JobFile("bin/pre", 0x1ED, Put("#!/bin/sh\nid -u > /var/vcap/store/web/made\n"));
        _ = Output(spec, r => r with { Files = [hook], Phase = SandboxPhase.PreStart });
        Assert.Equal("1000\n", Output(spec, r => r with { Files = [hook] }));
    }

    [SkippableFact]
    public void A_persistent_disk_keeps_what_an_ephemeral_one_does_too_until_it_is_removed()
    {
        var disks = Shell("cat /var/vcap/store/web/n /var/vcap/data/web/n; echo 1 > /var/vcap/store/web/n; echo 2 > /var/vcap/data/web/n") with { PersistentDisk = true, EphemeralDisk = true };
        Assert.Equal("", Output(disks));
        Assert.Equal("1\n2\n", Output(disks));
    }

    [SkippableFact]
    public void A_volume_is_as_writable_and_executable_as_asked()
    {
        var shelf = new Volume("/var/vcap/data/web/shelf", Writable: true, AllowExecutions: true);
        Assert.Equal("ran\n", Output(Shell("printf '#!/bin/sh\\necho ran\\n' > /var/vcap/data/web/shelf/x; chmod +x /var/vcap/data/web/shelf/x; /var/vcap/data/web/shelf/x") with { AdditionalVolumes = [shelf] }));
        var output = Output(Shell("/var/vcap/data/web/shelf/x; echo x > /var/vcap/data/web/shelf/x; echo still") with { AdditionalVolumes = [new Volume("/var/vcap/data/web/shelf")] });
        Assert.EndsWith("still\n", output);
        Assert.Contains("Permission denied", Stderr);
        Assert.Contains("Read-only file system", Stderr);
    }

    private Digest Put(string content)
    {
        Skip.If(Host.SkipReason is not null, Host.SkipReason);
        var digest = Digest.Of(content);
        if (!Directory.Exists(Settings.Paths.Contents))
        {
            Directory.CreateDirectory(Settings.Paths.Contents, (UnixFileMode)0x1C0);
            Host.Give(Settings.Paths.Contents);
        }

        File.WriteAllBytes(Settings.Paths.Content(digest), Encoding.UTF8.GetBytes(content));
        Host.Give(Settings.Paths.Content(digest));
        return digest;
    }
}

public sealed class SandboxContentOverCrun(SandboxHost host) : SandboxContentTests(host, SandboxHost.Crun);

public sealed class SandboxContentOverRunc(SandboxHost host) : SandboxContentTests(host, SandboxHost.Runc);
