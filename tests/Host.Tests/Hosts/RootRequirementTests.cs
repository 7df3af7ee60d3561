using Fleet.Client.Linux;
using Fleet.Host.Hosts;
using Fleet.Host.Linux;

namespace Fleet.Host.Tests.Hosts;

/// <summary>What host init makes for the root helper, below a prefix of the test's own.</summary>
[Collection("host init")]
public sealed class RootRequirementTests : IDisposable
{
    private readonly ThrowawayHost host = new();

    private RootPlaces Root => host.Options.Root;

    public void Dispose() => host.Dispose();

    [SkippableFact]
    public async Task Folders_and_filter_are_roots_and_have_the_modes_that_the_helper_wants()
    {
        await host.Prepare();
        Assert.Equal(
            [("/etc/fleet", "755"), ("/etc/fleet/root", "755"), ("/run/fleet-root", "755"), ("/run/fleet-root/work", "700"), ("/var/lib/fleet-root", "700")],
            Tree().Where(entry => entry.Path.Contains("fleet", StringComparison.Ordinal) && Directory.Exists(Root.Prefix + entry.Path)));
        Assert.Equal((Root.SeccompFilter[Root.Prefix.Length..], "600"), Assert.Single(Tree(), entry => entry.Path.EndsWith(".bpf", StringComparison.Ordinal)));
        Assert.InRange(new FileInfo(Root.SeccompFilter).Length, 8, 32768);
    }

    [SkippableFact]
    public async Task There_is_no_policy_and_one_line_says_where_root_writes_it()
    {
        var line = (await host.Init())[^1];
        Assert.Equal(("root policy", HostInitOutcome.AlreadySo), (line.Name, line.Outcome));
        Assert.Contains($"docs/root.md says what root writes to {Root.Policy}", line.Detail);
        Assert.False(File.Exists(Root.Policy));
    }

    [SkippableTheory]
    [InlineData("etc", "chown 4242 PATH", "belongs to uid 4242, not to root")]
    [InlineData("etc/fleet/root", "chmod 775 PATH", "can be written by others than root (mode 0775)")]
    [InlineData("run/fleet-root", "rmdir PATH; ln -s /tmp PATH", "without following a link")]
    [InlineData("var/lib", "rmdir PATH; ln -s /tmp PATH", "without following a link")]
    public async Task A_folder_on_the_way_that_is_somebody_elses_is_refused_and_nothing_is_made_in_it(string path, string script, string says)
    {
        Directory.CreateDirectory($"{Root.Prefix}/{path}");
        Assert.True((await new Command("sh", "-ec", script.Replace("PATH", $"{Root.Prefix}/{path}")).Run()).Succeeded);
        var line = (await host.Init()).Single(line => line.Name == "root helper's folders");
        Assert.Equal(HostInitOutcome.Failed, line.Outcome);
        Assert.Contains(says, line.Detail);
        Assert.NotEmpty(line.Remedy!);
        Assert.Empty(Directory.GetFileSystemEntries("/tmp", "fleet-root"));
        Assert.Empty(HostCheck.Missing(host.Options)); // jobs do without
    }

    [SkippableFact]
    public async Task A_prefix_below_a_folder_that_everybody_can_write_is_refused()
    {
        var line = (await HostInit.Run(host.Options with { RootPrefix = $"{host.Folder}/root" })).Single(line => line.Name == "root helper's folders");
        Assert.Equal((HostInitOutcome.Failed, true), (line.Outcome, line.Detail.StartsWith("/tmp can be written by others than root", StringComparison.Ordinal)));
    }

    [SkippableFact]
    public async Task The_policys_folder_stays_as_closed_as_root_made_it_and_the_helpers_own_are_closed_again()
    {
        await host.Prepare();
        await new Command("chmod", "750", Root.Folder).Run();
        await new Command("chmod", "755", Root.State, Root.Work).Run();
        var line = (await host.Init()).Single(line => line.Outcome == HostInitOutcome.Done);
        Assert.Equal($"made {Root.State}, {Root.Work} as root's", line.Detail);
        Assert.Contains(("/etc/fleet/root", "750"), Tree());
    }

    [SkippableFact]
    public async Task A_filter_that_another_has_written_is_not_taken_for_roots()
    {
        await host.Prepare();
        await new Command("chown", "4242", Root.SeccompFilter).Run();
        var line = (await host.Init()).Single(line => line.Outcome != HostInitOutcome.AlreadySo);
        Assert.Equal(("root helper's filter", HostInitOutcome.Done), (line.Name, line.Outcome));
        Assert.Equal(0u, Files.Lstat(Root.SeccompFilter, out _)!.Value.User);
    }

    [SkippableFact]
    public async Task Units_name_the_helper_and_the_agents_group_and_systemd_finds_no_fault_in_them()
    {
        var options = await WithSystemd();
        var first = (await HostInit.Run(options)).Single(line => line.Name == "root helper's units");
        Assert.True(first.Outcome == HostInitOutcome.Done, first.ToString());
        Assert.Contains("systemctl enable --now fleet-root.socket", first.Detail);
        Assert.All(await HostInit.Run(options), line => Assert.Equal(HostInitOutcome.AlreadySo, line.Outcome));
        var socket = await File.ReadAllLinesAsync(Root.SocketUnit);
        foreach (var line in new[] { $"ListenStream={Root.Socket}", "SocketUser=root", $"SocketGroup={options.User}", "SocketMode=0660", "Accept=yes", "MaxConnections=64" })
        {
            Assert.Contains(line, socket);
        }

        Assert.Contains($"ExecStart={options.Root.Helper} --prefix {Root.Prefix}", await File.ReadAllLinesAsync(Root.ServiceUnit));
        Assert.Contains($"d {Root.Work} 0700 root root -", await File.ReadAllLinesAsync(Root.TemporaryFiles));
        Skip.IfNot(File.Exists("/usr/bin/systemd-analyze"), "there is no systemd-analyze here");
        var verified = await new Command("systemd-analyze", "verify", Root.SocketUnit, Root.ServiceUnit).Run();
        Assert.Equal((0, ""), (verified.ExitCode, string.Join('\n', (verified.Output + verified.Error).Split('\n').Where(line => line.Contains("fleet-root", StringComparison.Ordinal)))));
    }

    [SkippableFact]
    public async Task A_unit_that_somebody_has_changed_is_written_anew()
    {
        var options = await WithSystemd();
        await HostInit.Run(options);
        await File.AppendAllTextAsync(Root.SocketUnit, "SocketMode=0666\n");
        Assert.Contains($"wrote {Root.SocketUnit}", (await HostInit.Run(options)).Single(line => line.Outcome == HostInitOutcome.Done).Detail);
        Assert.DoesNotContain("0666", await File.ReadAllTextAsync(Root.SocketUnit));
    }

    [SkippableTheory]
    [InlineData("/tmp/fleet-root-helper", "/tmp can be written by others than root")]
    [InlineData("/usr/lib/no/fleet-root-helper", "there is no /usr/lib/no/fleet-root-helper")]
    [InlineData("/usr/lib/x %h/fleet-root-helper", "characters that mean something in a unit")]
    public async Task A_helper_that_others_could_exchange_is_put_into_no_unit(string helper, string says)
    {
        var options = await WithSystemd(helper);
        var line = (await HostInit.Run(options)).Single(line => line.Name == "root helper's units");
        Assert.Equal(HostInitOutcome.Failed, line.Outcome);
        Assert.Contains(says, line.Detail);
        Assert.False(File.Exists(Root.ServiceUnit));
    }

    // A helper where root alone can write: the tests' own folder seldom is such a place.
    private async Task<HostInitOptions> WithSystemd(string? helper = null)
    {
        if (helper is null)
        {
            await host.Prepare();
            await new Command("install", "-D", "-m", "755", "/bin/true", helper = $"{Root.Prefix}/usr/lib/fleet/fleet-root-helper").Run();
        }

        return host.Options with { HasSystemd = true, RootHelper = helper };
    }

    private IEnumerable<(string Path, string Mode)> Tree() => Directory.EnumerateFileSystemEntries(Root.Prefix, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
        .Select(path => (path[Root.Prefix.Length..], Convert.ToString((int)File.GetUnixFileMode(path), 8)));
}
