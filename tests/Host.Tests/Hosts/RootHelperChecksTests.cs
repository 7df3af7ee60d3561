using Fleet.Host.Hosts;

namespace Fleet.Host.Tests.Hosts;

/// <summary>What doctor says of the root helper itself, and of a policy that nothing serves.</summary>
public sealed class RootHelperChecksTests : IDisposable
{
    private readonly RootOfAHost host = new();

    public void Dispose() => host.Dispose();

    [SkippableTheory]
    [InlineData(0x1ED, "0:0", DoctorStatus.Ok, "fleet-root-helper")]
    [InlineData(0x1A4, "0:0", DoctorStatus.Warn, "is no program that root can run")]
    [InlineData(0x1ED, "4242:0", DoctorStatus.Warn, "belongs to uid 4242, not to root")]
    [InlineData(0x1FD, "0:0", DoctorStatus.Warn, "can be written by others than root")]
    public void The_helper_is_a_program_of_roots_alone(int mode, string owner, DoctorStatus status, string says)
    {
        var line = Line("root helper", host.Write($"{host.Folder}/lib/fleet-root-helper", "", mode, owner));
        Assert.Equal(status, line.Status);
        Assert.Contains(says, line.Detail);
    }

    [SkippableFact]
    public void A_helper_that_is_not_there_is_warned_of_and_jobs_do_without()
    {
        var line = Line("root helper", $"{host.Folder}/lib/fleet-root-helper");
        Assert.Equal((DoctorStatus.Warn, $"there is no {host.Folder}/lib/fleet-root-helper: nothing can run as root by grants"), (line.Status, line.Detail));
    }

    [SkippableFact]
    public void A_policy_without_a_socket_is_warned_of_with_what_serves_it()
    {
        Assert.Equal(DoctorStatus.Ok, Line("root helper's socket").Status);
        host.Write(host.Places.Policy);
        var line = Line("root helper's socket");
        Assert.Equal((DoctorStatus.Warn, "let systemd serve it (docs/install.md), or start the agent by sudo fleet up"), (line.Status, line.Remedy));
        host.Write(host.Places.SocketUnit);
        Assert.Equal("systemctl daemon-reload; systemctl enable --now fleet-root.socket", Line("root helper's socket").Remedy);
    }

    [SkippableFact]
    public async Task What_host_init_has_not_made_is_warned_of_with_the_remedy()
    {
        var lines = (await Doctor.Run(host.Options)).Where(line => line.Name is "root helper's folders" or "root helper's filter").ToList();
        Assert.Equal(2, lines.Count);
        Assert.All(lines, line => Assert.Equal((DoctorStatus.Warn, host.Options.Command), (line.Status, line.Remedy)));
    }

    private DoctorLine Line(string name, string? helper = null) =>
        RootChecks.All(host.Agent, host.Options.Paths, helper is null ? host.Places : host.Places with { Helper = helper }).Single(line => line.Name == name);
}
