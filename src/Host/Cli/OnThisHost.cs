using System.Diagnostics;
using Fleet.Client.Api;
using Fleet.Client.Cli;
using Fleet.Host.Agent;
using Fleet.Host.Hosts;

namespace Fleet.Host.Cli;

/// <summary>The commands that are done on the very host where they are typed.</summary>
internal static class OnThisHost
{
    public static Task<int> Run(Session session, HostCommand command) => command switch
    {
        HostCommand.Up up => Up.Run(new UpOptions(up.Folder, up.RootPrefix)),
        HostCommand.Down down => DownCommand.Run(session, down.Folder, down.RootPrefix),
        HostCommand.Agent agent => AgentHost.Run(agent.Config),
        HostCommand.Doctor doctor => Run(session, doctor),
        HostCommand.Init init => Run(session, init),
        _ => throw new UnreachableException($"{command} is done by nobody"),
    };

    private static async Task<int> Run(Session session, HostCommand.Doctor asked)
    {
        var agent = Settings(asked.Config);
        var options = new HostInitOptions
        {
            User = asked.User ?? Accounts.OwnerOf(agent.Paths.State) ?? HostCommand.Init.DefaultUser, State = agent.Paths.State, Bosh = agent.Paths.Bosh, CgroupName = agent.Sandboxes.Cgroup,
        }.At(RootPlaces.Of(agent.Root.Policy).Prefix);
        var report = DoctorText.Report(await Doctor.Run(options, agent.Sandboxes));
        session.Print(report, () => HostReports.Indented.DoctorReport, DoctorText.Of);
        return report.Status == "fail" ? ExitCodes.Failed : ExitCodes.Done;
    }

    private static async Task<int> Run(Session session, HostCommand.Init asked)
    {
        var options = new HostInitOptions { User = asked.User, State = asked.State, Bosh = asked.Bosh!, CgroupName = asked.Cgroup }.At(asked.RootPrefix);
        var report = DoctorText.Report(await HostInit.Run(options));
        session.Print(report, () => HostReports.Indented.InitReport, DoctorText.Of);
        return report.Ready ? ExitCodes.Done : ExitCodes.Failed;
    }

    private static AgentSettings Settings(string? file)
    {
        try
        {
            return AgentSettings.Load(file);
        }
        catch (SettingsException e)
        {
            throw new CliException(ErrorCodes.Invalid, e.Message);
        }
    }
}
