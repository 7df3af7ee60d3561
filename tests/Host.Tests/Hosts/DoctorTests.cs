using Fleet.Host.Hosts;
using Fleet.Host.Linux;
using Fleet.Host.Sandboxes;

namespace Fleet.Host.Tests.Hosts;

[Collection("host init")]
public sealed class DoctorTests
{
    [SkippableFact]
    public async Task On_a_prepared_host_nothing_fails()
    {
        using var host = new ThrowawayHost();
        await host.Prepare();
        var lines = await Doctor.Run(host.Options);
        Assert.Empty(lines.Where(line => line.Status == DoctorStatus.Fail));
        Assert.Contains("can make one with its sub-ids", lines.Single(line => line.Name == "user namespaces").Detail);
        Assert.All(lines.Where(line => line.Status == DoctorStatus.Ok), line => Assert.Null(line.Remedy));
    }

    [SkippableFact]
    public async Task On_a_host_that_is_not_prepared_each_missing_thing_has_its_remedy()
    {
        using var host = new ThrowawayHost();
        var failed = (await Doctor.Run(host.Options)).Where(line => line.Status == DoctorStatus.Fail).ToList();
        Assert.Superset(
            new HashSet<string>(
            [
                "user namespaces", $"user {host.Options.User}", "sub-uids", "sub-gids", $"folders in {host.Options.State}",
                .. CgroupLayout.Read().Requirements(host.Options).Select(requirement => requirement.Name),
            ]),
            failed.Select(line => line.Name).ToHashSet());
        Assert.All(failed, line => Assert.Contains($"sudo fleet host init --user {host.Options.User}", line.Remedy));
    }

    [SkippableTheory]
    [InlineData("/usr/bin/crun", "crun version ")]
    [InlineData("/usr/sbin/runc", "runc version ")]
    public async Task The_runtime_that_is_configured_is_run_and_says_its_version(string path, string says)
    {
        Skip.IfNot(File.Exists(path), $"{path} is missing: run build/install-deps.sh");
        var line = await RuntimeLine(path);
        Assert.Equal((DoctorStatus.Ok, null), (line.Status, line.Remedy));
        Assert.StartsWith(says, line.Detail);
        Assert.Contains(path, line.Detail);
    }

    [Fact]
    public async Task A_runtime_that_is_not_there_fails_with_its_package()
    {
        var line = await RuntimeLine("/opt/no/runc");
        Assert.Equal((DoctorStatus.Fail, "apt-get install runc, or name another in fleet.sandbox.runtime"), (line.Status, line.Remedy));
    }

    [Theory]
    [InlineData("runc version 1.1.0", DoctorStatus.Ok, "runc version 1.1.0")]
    [InlineData("runc version 1.0.0~rc93+ds1", DoctorStatus.Fail, "recursive mount options need 1.1")]
    [InlineData("crun version 1.8.1", DoctorStatus.Fail, "says of itself 'crun version 1.8.1'")]
    public async Task A_runtime_that_is_too_old_or_another_than_its_name_says_fails(string itSays, DoctorStatus status, string told)
    {
        var folder = Directory.CreateTempSubdirectory("fleet-doctor-").FullName;
        File.WriteAllText($"{folder}/runc", $"#!/bin/sh\necho '{itSays}'\n");
        File.SetUnixFileMode($"{folder}/runc", (UnixFileMode)0x1ED);
        var line = await RuntimeLine($"{folder}/runc");
        Directory.Delete(folder, recursive: true);
        Assert.Equal(status, line.Status);
        Assert.Contains(told, line.Detail);
    }

    [SkippableTheory]
    [InlineData("disk")]
    [InlineData("sudo")]
    public async Task A_group_that_is_as_good_as_root_fails(string group)
    {
        using var host = new ThrowawayHost();
        await host.Prepare();
        Skip.IfNot((await new Command("getent", "group", group).Run()).Succeeded, $"this machine has no group {group}");
        Assert.Equal(DoctorStatus.Ok, HostStateChecks.Groups(host.Options.User).Status);
        Assert.True((await new Command("usermod", "-aG", group, host.Options.User).Run()).Succeeded);
        var line = (await Doctor.Run(host.Options)).Single(line => line.Name == "agent's groups");
        Assert.Equal((DoctorStatus.Fail, $"gpasswd --delete {host.Options.User} {group}"), (line.Status, line.Remedy));
    }

    [Theory]
    [InlineData("6.18.44-fc", DoctorStatus.Ok)]
    [InlineData("5.6.0", DoctorStatus.Ok)]
    [InlineData("5.4.0-150-generic", DoctorStatus.Fail)]
    [InlineData("4.19", DoctorStatus.Fail)]
    public void A_kernel_without_openat2_fails(string release, DoctorStatus expected) => Assert.Equal(expected, KernelChecks.Version(release).Status);

    [Fact]
    public void A_clock_before_the_programs_build_fails() =>
        Assert.Equal(DoctorStatus.Fail, HostStateChecks.Clock(new DateTimeOffset(2001, 1, 1, 0, 0, 0, TimeSpan.Zero)).Status);

    private static async Task<DoctorLine> RuntimeLine(string path) =>
        (await Doctor.Run(null, new SandboxSettings { Paths = new HostInitOptions().Paths, Runtime = path })).Single(line => line.Name == "runtime");
}
