using Fleet.Client.Linux;
using Fleet.Host.Cli;
using Fleet.Host.Hosts;
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
        Assert.Equal(DoctorStatus.Ok, AgentGroups.Listed(host.Options.User).Status);
        Assert.True((await new Command("usermod", "-aG", group, host.Options.User).Run()).Succeeded);
        var line = (await Doctor.Run(host.Options)).Single(line => line.Name == "agent's groups");
        Assert.Equal((DoctorStatus.Fail, $"gpasswd --delete {host.Options.User} {group}"), (line.Status, line.Remedy));
    }

    [SkippableTheory]
    [InlineData("usermod --gid disk USER", "usermod --gid USER USER")]
    [InlineData("groupadd --non-unique --gid 6 GROUP; usermod -aG GROUP USER", "gpasswd --delete USER GROUP")]
    public async Task A_group_that_is_as_good_as_root_fails_as_the_primary_one_and_under_another_name(string script, string remedy)
    {
        using var host = new ThrowawayHost();
        await host.Prepare();
        Skip.IfNot(Accounts.GroupId("disk") == 6, "this machine has no group disk with id 6");
        string Named(string text) => text.Replace("GROUP", $"{host.Options.User}-g").Replace("USER", host.Options.User);
        var made = await new Command("sh", "-ec", Named(script)).Run();
        Assert.True(made.Succeeded, made.Error);
        var line = AgentGroups.Listed(host.Options.User);
        var mended = await new Command("sh", "-ec", $"{Named(remedy)}; groupdel {host.Options.User}-g || true").Run();
        Assert.Equal((DoctorStatus.Fail, Named(remedy)), (line.Status, line.Remedy));
        Assert.True(mended.Succeeded, mended.Error);
        Assert.Equal(DoctorStatus.Ok, AgentGroups.Listed(host.Options.User).Status);
    }

    [SkippableTheory]
    [InlineData("6", DoctorStatus.Fail)]
    [InlineData("0", DoctorStatus.Fail)]
    [InlineData("4242", DoctorStatus.Ok)]
    public async Task A_group_that_the_running_agent_holds_counts_whatever_its_user_is_listed_in(string gid, DoctorStatus expected)
    {
        Skip.IfNot(Environment.UserName == "root" && Accounts.GroupId("disk") == 6, "needs root, and a group disk with id 6");
        using var agent = new Command("setpriv", "--reuid=4242", "--regid=4242", $"--groups={gid}", "sh", "-c", "echo there; exec sleep 60").Begin();
        Assert.Equal("there", await agent.StandardOutput.ReadLineAsync());
        Assert.Equal(expected, AgentGroups.Held(agent.Id).Status);
        agent.Kill();
    }

    [Fact]
    public void On_a_terminal_a_long_detail_is_wrapped_and_a_remedy_stays_whole()
    {
        var detail = string.Join(' ', Enumerable.Repeat("word", 30));
        var report = DoctorText.Report([DoctorLine.Fail("name", detail, detail)]);
        var lines = DoctorText.Of(report, 80).TrimEnd().Split('\n');
        Assert.Equal($"{new string(' ', 12)}remedy: {detail}", lines[^1]);
        Assert.All(lines[..^1], line => Assert.InRange(line.Length, 1, 80));
        Assert.Equal(detail, string.Join(' ', lines[..^1].Select(line => line[12..])));
        Assert.Equal(2, DoctorText.Of(report, null).TrimEnd().Split('\n').Length);
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
