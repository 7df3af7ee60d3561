namespace Fleet.Host.Tests.Sandboxes;

/// <summary>A job owns the folder of its log, and may do with it what it can.</summary>
public abstract class ClosedLogTests(SandboxHost host, string runtime) : SandboxTest(host, runtime)
{
    protected const string Close = "chmod 0 /var/vcap/sys/log/web/server.stdout.log; ";

    protected string Log => Settings.Paths.Stdout(Id);

    [SkippableTheory]
    [InlineData("ln -s /etc/hostname $log")]
    [InlineData("touch /var/vcap/sys/log/web/other; chmod 0 /var/vcap/sys/log/web/other; ln /var/vcap/sys/log/web/other $log")]
    [InlineData("mkfifo -m 0 $log")]
    [InlineData("mkdir -m 0 $log")]
    public void What_a_job_put_in_the_place_of_its_log_is_neither_opened_nor_taken(string put)
    {
        RunToEnd(Shell($"log=/var/vcap/sys/log/web/server.stdout.log; rm $log; {put}"));
        var before = SandboxHost.Sh($"stat -c '%u %g %a %F' {Settings.Paths.Logs(Id.Job)}/*");
        Assert.Throws<InvalidOperationException>(() => Driver.Tail(Log));
        Assert.Equal(before, SandboxHost.Sh($"stat -c '%u %g %a %F' {Settings.Paths.Logs(Id.Job)}/*"));
        Assert.Equal(Fleet.Sandboxes.StartFailureCode.FilesRefused, Driver.Failed(Request(Shell("true"))).Code);
    }

    protected uint Mode() => (uint)File.GetUnixFileMode(Log);
}

/// <summary>crun gives a process the files that it writes to, so the log is the job's own, and it may close it to the agent.</summary>
public sealed class ClosedLogOverCrun(SandboxHost host) : ClosedLogTests(host, SandboxHost.Crun)
{
    [SkippableFact]
    public void A_log_that_its_job_closed_is_shown_and_the_job_writes_on_and_cannot_close_it_again()
    {
        var request = Request(Shell($"echo one; {Close} while [ ! -e /tmp/go ]; do sleep 0.05; done; echo two; {Close} while [ ! -e /tmp/end ]; do sleep 0.05; done"));
        _ = Driver.Started(request);
        Until(() => Mode() == 0);
        Assert.Equal(["one"], Driver.Tail(Log));
        File.WriteAllText($"{Settings.Paths.Tmp(Id.Job)}/go", "");
        Until(() => Stderr.Contains("not permitted", StringComparison.Ordinal));
        Assert.Equal(["one", "two"], Driver.Tail(Log));
        Driver.Remove(request.Run);
    }

    [SkippableFact]
    public void A_log_that_its_job_closed_is_rotated_and_the_next_start_has_it_again()
    {
        RunToEnd(Shell($"seq 9999; {Close}"));
        var whole = File.ReadAllText(Log);
        Assert.Equal(0u, Mode());
        Driver.Rotate(Log);
        Assert.Equal(whole, File.ReadAllText($"{Log}.1") + File.ReadAllText(Log));

        RunToEnd(Shell($"echo again; {Close}"));
        RunToEnd(Shell("echo and again"));
        Assert.EndsWith("again\nand again\n", Stdout);
    }
}

/// <summary>runc leaves them to the agent, of whose id the sandbox knows nothing.</summary>
public sealed class ClosedLogOverRunc(SandboxHost host) : ClosedLogTests(host, SandboxHost.Runc)
{
    [SkippableFact]
    public void A_log_cannot_be_closed_by_its_job()
    {
        RunToEnd(Shell($"echo one; {Close} echo two"));
        Assert.Contains("not permitted", Stderr, StringComparison.Ordinal);
        Assert.NotEqual(0u, Mode());
        Assert.Equal(["one", "two"], Driver.Tail(Log));
    }
}
