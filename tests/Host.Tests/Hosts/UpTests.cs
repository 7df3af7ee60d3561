using System.Runtime.CompilerServices;
using Akka.Configuration;
using Fleet.Host.Hosts;
using Fleet.Host.Linux;

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
        Assert.Equal([$"{user.Uid}", $"{user.Gid}", "CapEff:\t0000000000000000", "0", $"up --dir {host.Options.State}"], result.Output.Trim().Split('\n'));
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
