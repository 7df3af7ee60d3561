using Fleet.Host.Agent;

namespace Fleet.Host.Tests.Agent;

public class AgentSettingsTests
{
    [Fact]
    public void The_defaults_are_those_of_the_commented_file()
    {
        var settings = AgentSettings.Parse("", "nothing");
        Assert.Equal((true, true), (settings.IsControl, settings.IsHost));
        Assert.Equal(("/var/lib/fleet", "/var/lib/fleet/vcap"), (settings.Paths.State, settings.Paths.Bosh));
        Assert.Equal(("/run/fleet/api.sock", "fleet"), (settings.Socket, settings.SocketGroup));
        Assert.Equal(("/usr/bin/crun", "/usr/bin/conmon", "/usr/bin/tini", "fleet"), (settings.Sandboxes.Runtime, settings.Sandboxes.Conmon, settings.Sandboxes.Tini, settings.Sandboxes.Cgroup));
        Assert.Equal(("/etc/fleet/root", "/run/fleet-root/root.sock"), (settings.Root.Policy, settings.Root.Socket));
        Assert.Equal(TimeSpan.FromSeconds(30), settings.Sandboxes.StartTimeout);
        Assert.Equal(Math.Max(2, Environment.ProcessorCount), settings.Sandboxes.ParallelStarts);
        Assert.Equal((50L << 20, 5), (settings.JobLogs.MaxBytes, settings.JobLogs.Keep));
        Assert.Equal((20L << 20, 5, Serilog.Events.LogEventLevel.Information, ""), (settings.LogMaxSize, settings.LogKeep, settings.LogLevel, settings.OtlpEndpoint));
    }

    [Fact]
    public void What_is_given_replaces_the_default_alone()
    {
        var settings = AgentSettings.Parse("fleet { state = \"/srv/x\", job-logs.keep = 9 } # and a { in a comment", "x.conf");
        Assert.Equal(("/srv/x/vcap", 9, 50L << 20), (settings.Paths.Bosh, settings.JobLogs.Keep, settings.JobLogs.MaxBytes));
    }

    [Theory]
    [InlineData("{{{", "is never closed")]
    [InlineData("fleet { state = \"/srv/x\"", "is never closed")]
    [InlineData("fleet { state = \"/srv/x\" }\n}", "x.conf:2: a '}' closes nothing")]
    [InlineData("flet { }", "there is no key 'flet'")]
    [InlineData("fleet.sandbox.runtimes = x", "there is no key 'fleet.sandbox.runtimes'")]
    [InlineData("fleet.sandbox.runtime = /usr/bin/youki", "fleet.sandbox.runtime is '/usr/bin/youki'; it must be the path of crun or runc")]
    [InlineData("fleet.sandbox.runtime = runc", "fleet.sandbox.runtime is 'runc'; it must be the path of crun or runc")]
    [InlineData("fleet.job-logs.keep = -5", "fleet.job-logs.keep is '-5'; it must be 1 to 1000")]
    [InlineData("fleet.job-logs.max-size = potato", "fleet.job-logs.max-size is 'potato'")]
    [InlineData("fleet.sandbox.cgroup = \"../../x\"", "fleet.sandbox.cgroup is '../../x'")]
    [InlineData("fleet.state = relative", "fleet.state is 'relative'; it must be an absolute path")]
    [InlineData("fleet.root.policy = etc", "fleet.root.policy is 'etc'; it must be an absolute path")]
    [InlineData("fleet.root.socket = \"\"", "fleet.root.socket is ''; it must be an absolute path")]
    [InlineData("fleet.roles = [both]", "fleet.roles is 'both'")]
    [InlineData("fleet.roles = []", "one or both of control and host")]
    public void What_breaks_a_rule_is_refused_naming_it(string hocon, string says) =>
        Assert.Contains(says, Assert.Throws<SettingsException>(() => AgentSettings.Parse(hocon, "x.conf")).Message, StringComparison.Ordinal);
}
