using Fleet.Host.Hosts;
using Fleet.Host.Linux;

namespace Fleet.Host.Tests.Hosts;

/// <summary>Against the real user database, file system and cgroups of this machine.</summary>
[Collection("host init")]
public sealed class HostInitTests : IDisposable
{
    private readonly ThrowawayHost host;

    public HostInitTests() => host = new ThrowawayHost();

    public void Dispose() => host.Dispose();

    [SkippableFact]
    public async Task Prepares_all_and_a_second_run_changes_nothing()
    {
        Assert.NotEmpty(HostCheck.Missing(host.Options));
        var first = await host.Init();
        Assert.All(first.Where(line => line.Name != "root policy" && !line.Name.StartsWith("way to", StringComparison.Ordinal)), line => Assert.True(line.Outcome == HostInitOutcome.Done, line.ToString()));
        var files = Snapshot();
        var second = await host.Init();
        Assert.All(second, line => Assert.True(line.Outcome == HostInitOutcome.AlreadySo, line.ToString()));
        Assert.Equal(first.Select(line => line.Name), second.Select(line => line.Name));
        Assert.Equal(files, Snapshot());
        Assert.Empty(HostCheck.Missing(host.Options));
    }

    [SkippableTheory]
    [InlineData("cgroup", "")]
    [InlineData("cgroup", ".")]
    [InlineData("cgroup", "/")]
    [InlineData("cgroup", "../../../../tmp/victim")]
    [InlineData("cgroup", "a/../b")]
    [InlineData("cgroup", "fleet\n")]
    [InlineData("user", "fleet\n")]
    [InlineData("user", "")]
    [InlineData("user", "../x")]
    [InlineData("user", "-x")]
    [InlineData("user", "12345")]
    [InlineData("user", "ünï")]
    [InlineData("user", "root")]
    [InlineData("user", "nobody")]
    public async Task A_name_that_would_give_away_what_is_not_the_agents_is_refused_and_nothing_is_done(string what, string name)
    {
        Skip.IfNot(Environment.IsPrivilegedProcess, "preparing a host needs root");
        var options = what == "user" ? host.Options with { User = name } : host.Options with { CgroupName = name };
        var files = Snapshot();
        var line = Assert.Single(await HostInit.Run(options));
        Assert.Equal(HostInitOutcome.Failed, line.Outcome);
        Assert.StartsWith(what, line.Name, StringComparison.Ordinal);
        Assert.Equal(files, Snapshot());
        Assert.Equal(0u, Files.Lstat("/sys/fs/cgroup", out _)!.Value.User);
    }

    [SkippableFact]
    public async Task The_user_can_then_do_what_a_sandbox_needs_and_no_more()
    {
        await host.Prepare();
        Assert.Equal("0", (await Said("unshare --map-auto --map-root-user id -u")));
        foreach (var group in host.Cgroups().ToList())
        {
            // The groups' own limits are root's to set.
            Assert.Equal("moved", await Said($"mkdir {group}/leaf; [ -d {group}/leaf ]; sh -c 'echo 0 > {group}/leaf/cgroup.procs'; rmdir {group}/leaf; echo moved"));
        }

        var limit = host.Cgroups().SelectMany(group => new[] { $"{group}/memory.limit_in_bytes", $"{group}/memory.max" }).Single(File.Exists);
        Assert.NotEqual(0, (await host.AsUser($"echo 1000000000 > {limit}")).ExitCode);
        Assert.Equal("made", await Said($"mkdir {host.Options.Bosh}/sys/log/job; touch {host.Options.State}/ledger/x; echo made"));
        Assert.NotEqual(0, (await host.AsUser("cat /etc/shadow")).ExitCode);
    }

    [SkippableFact]
    public async Task Sub_ids_are_the_same_in_both_files_and_meet_nobody_elses()
    {
        await host.Prepare();
        var mine = Ranges("/etc/subuid").Single(range => range.Owner == host.Options.User);
        Assert.Equal(mine, Ranges("/etc/subgid").Single(range => range.Owner == host.Options.User));
        Assert.Equal((0, (8 * 65536) + 1), (mine.Start % 65536, mine.Count));
        Assert.DoesNotContain(Ranges("/etc/subuid").Concat(Ranges("/etc/subgid")),
            other => other.Owner != mine.Owner && other.Start < mine.End && mine.Start < other.End);
    }

    [SkippableFact]
    public async Task A_link_that_the_agent_planted_does_not_get_it_a_folder_of_roots()
    {
        await host.Prepare();
        var victim = Directory.CreateDirectory($"{host.Folder}/victim").FullName;
        Assert.Equal("", await Said($"rmdir {host.Options.State}/ledger; ln -s {victim} {host.Options.State}/ledger"));
        var line = (await host.Init()).Single(line => line.Name == $"folders in {host.Options.State}");
        Assert.Equal(HostInitOutcome.Failed, line.Outcome);
        Assert.Contains("without following a link", line.Detail);
        Assert.True(Files.Stat(victim, out var stat) && stat.User == 0);
    }

    [SkippableFact]
    public async Task A_folder_that_holds_something_else_is_not_given_away_and_nothing_is_made_in_it()
    {
        Directory.CreateDirectory(host.Options.State);
        File.WriteAllText($"{host.Options.State}/passwd", "root's");
        var lines = await host.Init();
        Assert.Contains("holds passwd, which is not Fleet's", lines.Single(line => line.Name == $"folders in {host.Options.State}").Detail);
        Assert.Equal([$"{host.Options.State}/passwd"], Directory.GetFileSystemEntries(host.Options.State));
        Assert.True(Files.Stat(host.Options.State, out var stat) && stat.User == 0);
    }

    [SkippableFact]
    public async Task A_folder_of_root_that_holds_only_fleets_own_is_taken_over()
    {
        Directory.CreateDirectory($"{host.Options.Bosh}/packages/redis");
        await host.Prepare();
        Assert.Equal(host.Options.User, await Said($"stat -c %U {host.Options.Bosh}/packages"));
        Assert.Equal("root", await Said($"stat -c %U {host.Options.Bosh}/packages/redis"));
    }

    [SkippableFact]
    public async Task A_closed_folder_above_is_named_with_the_remedy()
    {
        File.SetUnixFileMode(host.Folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var line = (await host.Init()).Single(line => line.Outcome == HostInitOutcome.Failed);
        Assert.Equal(($"way to {host.Options.State}", $"chmod o+x {host.Folder}, or choose another folder"), (line.Name, line.Remedy));
    }

    [SkippableFact]
    public async Task An_existing_range_of_sub_ids_is_kept()
    {
        await host.Prepare();
        var before = await File.ReadAllTextAsync("/etc/subuid");
        Assert.All(await HostInit.Run(host.Options with { Slices = 64 }), line => Assert.Equal(HostInitOutcome.AlreadySo, line.Outcome));
        Assert.Equal(before, await File.ReadAllTextAsync("/etc/subuid"));
    }

    [SkippableFact]
    public async Task Cgroups_of_another_agent_are_not_taken_from_it()
    {
        await host.Prepare();
        using var other = new ThrowawayHost();
        var lines = await HostInit.Run(other.Options with { CgroupName = host.Options.CgroupName });
        Assert.All(lines.Where(line => line.Name.StartsWith("cgroup", StringComparison.Ordinal)), line =>
        {
            Assert.Equal((HostInitOutcome.Failed, "choose another with --cgroup"), (line.Outcome, line.Remedy));
            Assert.Contains($"already {host.Options.User}'s", line.Detail);
        });
    }

    [Theory]
    [InlineData("relative/state")]
    [InlineData("/")]
    [InlineData("/tmp/../etc")]
    public async Task A_folder_that_is_no_plain_absolute_path_is_refused(string state) =>
        Assert.Contains("absolute path", Assert.Single(await HostInit.Run(host.Options with { State = state })).Detail);

    private string Snapshot() => string.Join('\n', new[] { "/etc/passwd", "/etc/group", "/etc/subuid", "/etc/subgid" }.Select(File.ReadAllText)
        .Concat(Directory.EnumerateFileSystemEntries(host.Folder, "*", SearchOption.AllDirectories)
            .Select(path => $"{path} {File.GetUnixFileMode(path)} {new DirectoryInfo(path).LastWriteTimeUtc:O}")));

    private static IEnumerable<SubIdRange> Ranges(string file) => SubIdRange.Parse(File.ReadLines(file));

    private async Task<string> Said(string script)
    {
        var result = await host.AsUser(script);
        Assert.True(result.Succeeded, result.Error);
        return result.Output.Trim();
    }
}
