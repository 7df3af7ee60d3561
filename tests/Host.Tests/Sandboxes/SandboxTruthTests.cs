using Fleet.Processes;
using Fleet.Sandboxes;

namespace Fleet.Host.Tests.Sandboxes;

/// <summary>What a rootless sandbox is, as the kernel says and not as the configuration does.</summary>
public abstract class SandboxTruthTests(SandboxHost host, string runtime) : SandboxTest(host, runtime)
{
    [SkippableFact]
    public void Its_user_is_a_sub_id_with_no_capability_and_a_filter()
    {
        var identity = Driver.Started(Request(Shell("sleep 1000")));
        var status = File.ReadAllText($"/proc/{identity.Pid}/status");
        Assert.Contains("\nUid:\t1100001000\t1100001000\t1100001000\t1100001000\n", status);
        Assert.Contains("\nNoNewPrivs:\t1\n", status);
        Assert.Contains("\nSeccomp:\t2\n", status);
        foreach (var set in (string[])["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"])
        {
            Assert.Contains($"\n{set}:\t0000000000000000\n", status);
        }
    }

    [SkippableFact]
    public void Root_inside_is_nobody_on_the_host()
    {
        var output = Output(Shell("id -u; cat /etc/shadow; echo x > /owned; mknod /tmp/sda b 8 0; mount -t tmpfs none /tmp; unshare -U true; chroot /; echo done") with { User = new UserIds(0, 0) });
        Assert.Equal("0\ndone\n", output);
        Assert.Contains("/etc/shadow: Permission denied", Stderr);
        Assert.Contains("cannot create /owned", Stderr);
        Assert.Contains("unshare failed: Operation not permitted", Stderr);
    }

    // crun 1.8 forgets every option of a recursive bind mount in a user namespace, unless it is given in its recursive form too.
    [SkippableFact]
    public void Every_mount_has_its_restrictions()
    {
        var output = Output(Shell("cat /proc/self/mountinfo") with { EphemeralDisk = true, PersistentDisk = true });
        var mounts = output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Split(' ')).ToLookup(f => f[4], f => f[5].Split(','));
        foreach (var point in (string[])["/tmp", "/var/tmp", "/var/vcap/data/web", "/var/vcap/data/web/tmp", "/var/vcap/store/web", "/var/vcap/sys/log/web"])
        {
            Assert.Subset(mounts[point].Last().ToHashSet(), new HashSet<string> { "rw", "nosuid", "nodev", "noexec" });
        }

        foreach (var point in (string[])["/bin", "/etc", "/usr", "/sys", "/var/vcap/jobs/web", "/var/vcap/packages"])
        {
            Assert.Subset(mounts[point].Last().ToHashSet(), new HashSet<string> { "ro", "nosuid", "nodev" });
        }
    }

    [SkippableFact]
    public void Two_jobs_cannot_read_each_other()
    {
        var first = Output(Shell("echo secret > /var/vcap/store/web/key; chmod 644 /var/vcap/store/web/key; echo written") with { PersistentDisk = true });
        Assert.Equal("written\n", first);
        var other = new ProcessId(Fleet.Jobs.JobId.Parse("other"), "server");
        var request = Request(Shell("cat /var/vcap/store/web/key; echo $?") with { AdditionalVolumes = [new Volume("/var/vcap/store/web", Writable: true)] });
        var failure = Driver.Failed(request with { Process = other, Slice = 1 });
        Assert.Equal(StartFailureCode.PrivilegeRefused, failure.Code);
        Assert.Contains("unrestricted_volume:/var/vcap/store/web", failure.Message);

        // Without asking it does not see the folder at all.
        var unasked = Request(Shell("cat /var/vcap/store/web/key")) with { Process = other, Slice = 1 };
        Driver.Started(unasked);
        Assert.Equal(1, Driver.Exit(unasked.Run).Code);
    }

    [SkippableFact]
    public void Its_environment_is_BPMs_and_nothing_of_the_agents()
    {
        var names = Output(Shell("env")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Split('=')[0]).Order(StringComparer.Ordinal);
        Assert.Equal(["HOME", "LANG", "PATH", "PWD", "TMPDIR"], names);
    }
}

public sealed class SandboxTruthOverCrun(SandboxHost host) : SandboxTruthTests(host, SandboxHost.Crun);

public sealed class SandboxTruthOverRunc(SandboxHost host) : SandboxTruthTests(host, SandboxHost.Runc);
