using System.Runtime.CompilerServices;
using Akka.Configuration;
using Fleet.Client.Linux;
using Fleet.Host.Hosts;

namespace Fleet.Host.Tests.Hosts;

[Collection("host init")]
public sealed class UpTests
{
    private const string ChildScript = "FLEET_TEST_BECOME";

    [Fact]
    public void The_configuration_reads_back_as_it_was_meant()
    {
        var init = Up.InitOptions(new UpOptions("/srv/a \"quoted\" $dir\\/"), "fleet");
        var config = ConfigurationFactory.ParseString(Up.Config(init));
        Assert.Equal("/srv/a \"quoted\" $dir\\", config.GetString("fleet.state"));
        Assert.Equal("/srv/a \"quoted\" $dir\\/vcap", config.GetString("fleet.bosh-root"));
        Assert.Equal("/srv/a \"quoted\" $dir\\/api.sock", config.GetString("fleet.api.socket"));
        Assert.Equal(["control", "host"], config.GetStringList("fleet.roles"));
        Assert.Equal("fleet", config.GetString("fleet.sandbox.cgroup"));
        Assert.Equal(("/etc/fleet/root", "/run/fleet-root/root.sock"), (config.GetString("fleet.root.policy"), config.GetString("fleet.root.socket")));
    }

    [Fact]
    public void The_agent_finds_roots_files_below_the_prefix_that_root_was_told()
    {
        var init = Up.InitOptions(new UpOptions("/srv/x", "/srv/root"), "fleet");
        var config = ConfigurationFactory.ParseString(Up.Config(init));
        Assert.Equal(("/srv/root/etc/fleet/root", "/srv/root/run/fleet-root/root.sock"), (config.GetString("fleet.root.policy"), config.GetString("fleet.root.socket")));
        Assert.Equal("/srv/root", RootPlaces.Of(config.GetString("fleet.root.policy")).Prefix);
        Assert.Equal(["up", "--dir", "/srv/x", "--root-prefix", "/srv/root"], Up.DropRoot(init, []).SkipWhile(word => word != "up"));
        Assert.EndsWith("--root-prefix /srv/root", init.Command, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData("", new string[0])]
    [InlineData("/srv/root", new[] { "--prefix", "/srv/root" })]
    public void The_root_helper_listens_for_the_agents_group_as_long_as_its_pid_lives(string prefix, string[] more)
    {
        var command = new RootHelperStart(new HostInitOptions { User = "daemon", RootPrefix = prefix }, 4711, TextWriter.Null).Command;
        Assert.Equal([$"{Staged.Built}/fleet-root-helper", "--keep", "--group", $"{Accounts.GroupId("daemon")}", .. more, "--while", "4711"], command);
    }

    [SkippableFact]
    public async Task A_detached_program_is_nobodys_child_and_holds_neither_input_nor_output()
    {
        var file = Path.GetTempFileName();
        await new Command("/bin/sh", "-c", "readlink /proc/self/fd/0 /proc/self/fd/1 > \"$1.part\"; ps -o sid=,pid= $$ >> \"$1.part\"; mv \"$1.part\" \"$1\"", "sh", file).Detach();
        while (new FileInfo(file).Length == 0)
        {
            await Task.Delay(20);
        }

        var said = (await File.ReadAllTextAsync(file)).Split(['\n', ' '], StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("/dev/null", said[0]);
        Assert.Equal(said[^2], said[^1]); // it leads its session
        File.Delete(file);
    }

    [Fact]
    public void Another_users_agent_has_a_cgroup_of_its_own() =>
        Assert.Equal("fleet-alice", Up.InitOptions(new UpOptions("/srv/x"), "alice").CgroupName);

    [SkippableFact]
    public async Task Root_is_dropped_for_good_and_newuidmap_still_works()
    {
        using var host = new ThrowawayHost();
        await host.Prepare();
        var command = Up.DropRoot(host.Options, ["sh", "-ec", "id -u; id -G; grep CapEff /proc/self/status; unshare --map-auto --map-root-user id -u; echo $*", "fleet"]);
        var result = await new Command(command[0], [.. command.Skip(1)]).Run();
        Assert.Equal("", result.Error);
        var user = Accounts.User(host.Options.User)!;
        Assert.Equal([$"{user.Uid}", $"{user.Gid}", "CapEff:\t0000000000000000", "0", $"up --dir {host.Options.State} --root-prefix {host.RootPrefix}"], result.Output.Trim().Split('\n'));
    }

    [Fact]
    public async Task Becoming_another_program_keeps_the_pid_and_ignores_no_signal()
    {
        using var child = new Command("dotnet", "exec", typeof(UpTests).Assembly.Location)
        {
            Env = new Dictionary<string, string> { [ChildScript] = "echo $$; grep SigIgn /proc/self/status; echo $HOME ${FLEET_TEST_BECOME:-none}" },
        }.Begin();
        var said = (await child.StandardOutput.ReadToEndAsync()).Trim().Split('\n');
        await child.WaitForExitAsync();
        // Of the signals that have a name; what the caller of the tests ignores above them (glibc's own 32) is its affair.
        Assert.Equal(0, Convert.ToInt64(said[1].Split('\t')[1], 16) & 0x7FFFFFFF);
        Assert.Equal([$"{child.Id}", "/tmp none"], [said[0], said[2]]);
    }

    [Fact]
    public void A_program_that_is_not_there_is_said() =>
        Assert.Contains("could not run /no/such: No such file", Assert.Throws<AgentRefusedException>(() => ThisProgram.Become(["/no/such"], "/")).Message);

    // The test assembly started as a program: it becomes a shell.
    [ModuleInitializer]
    internal static void BecomeIfChild()
    {
        if (Environment.GetEnvironmentVariable(ChildScript) is { } script)
        {
            ThisProgram.Become(["/bin/sh", "-c", script], "/tmp");
        }
    }
}
