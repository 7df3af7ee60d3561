using System.CommandLine;
using Fleet.Host.Agent;
using Fleet.Host.Api;

namespace Fleet.Host.Cli;

internal static class HostCommands
{
    public static FleetCommand[] All() => [Init(), Status(), Processes()];

    public static FleetCommand Doctor()
    {
        var config = new Option<string>("--config") { Description = "The agent's configuration; its defaults when unset.", HelpName = "FILE" };
        var user = new Option<string?>("--user") { Description = "The agent's user; whoever owns its folder when unset, else fleet.", HelpName = "USER" };
        return new FleetCommand("doctor", "Says what this host can enforce, and the remedy for what it cannot. Needs no agent.", "fleet doctor --config /etc/fleet/agent.conf")
            .With(config, user)
            .Runs(async (session, _) =>
            {
                var agent = Settings(session.Value(config));
                var options = new Hosts.HostInitOptions { User = session.Value(user) ?? Hosts.Accounts.OwnerOf(agent.Paths.State) ?? "fleet", State = agent.Paths.State, Bosh = agent.Paths.Bosh, CgroupName = agent.Sandboxes.Cgroup }
                    .At(Hosts.RootPlaces.Of(agent.Root.Policy).Prefix);
                var report = DoctorText.Report(await Hosts.Doctor.Run(options, agent.Sandboxes));
                session.Print(report, () => CliJson.Indented.DoctorReport, DoctorText.Of);
                return report.Status == "fail" ? ExitCodes.Failed : ExitCodes.Done;
            });
    }

    private static FleetCommand Init()
    {
        var defaults = new Hosts.HostInitOptions();
        var user = Text("--user", "The agent's user; made where it is missing.", defaults.User);
        var state = Text("--state", "The agent's own folder.", defaults.State);
        var bosh = new Option<string?>("--bosh-root") { Description = "BPM's root: where jobs, their data and their logs are; vcap below the agent's folder when unset." };
        var cgroup = Text("--cgroup", "The control group that is given to the user.", defaults.CgroupName);
        var prefix = RootPrefix();
        return new FleetCommand(
            "init", "Prepares this host, once and as root: user, sub-ids, folders, cgroups, and what the root helper needs. Says what it did; what is so already stays.", "sudo fleet host init")
            .With(user, state, bosh, cgroup, prefix)
            .Runs(async (session, _) =>
            {
                var options = new Hosts.HostInitOptions
                {
                    User = session.Value(user)!, State = session.Value(state)!, Bosh = session.Value(bosh)!, CgroupName = session.Value(cgroup)!,
                }.At(Folder(session.Value(prefix)));
                var report = DoctorText.Report(await Hosts.HostInit.Run(options));
                session.Print(report, () => CliJson.Indented.InitReport, DoctorText.Of);
                return report.Ready ? ExitCodes.Done : ExitCodes.Failed;
            });
    }

    /// <summary>Where root's files about grants are looked for, by `host init` and `up` alike.</summary>
    public static Option<string?> RootPrefix() => new("--root-prefix")
    {
        Description = "Before the paths of root's files about grants, for trying them out; root alone must be able to write it and the folders above.", HelpName = "DIR",
    };

    /// <summary>A folder that was named, as an absolute path; empty: none was.</summary>
    public static string Folder(string? given) => given is { Length: > 0 } ? Path.TrimEndingDirectorySeparator(Path.GetFullPath(given)) : "";

    private static FleetCommand Status()
    {
        var host = Host();
        return new FleetCommand("status", "Shows the host and its agent.", "fleet host status") { Exits = [ExitCodes.NotFound] }
            .With(host)
            .Runs(async (session, cancel) =>
            {
                using var client = session.Client();
                await JobArguments.CheckHost(client, session.Value(host), cancel);
                return session.Print(await client.Get("/v1/host", ApiJson.Default.HostInfo, cancel), () => ApiJson.Indented.HostInfo, HostText.Of);
            });
    }

    private static FleetCommand Processes()
    {
        var host = Host();
        return new FleetCommand("processes", "Shows what runs on the host: its sandbox, privileges, CPU and memory.", "fleet host processes")
        {
            Exits = [ExitCodes.NotFound],
        }
            .With(host)
            .Runs(async (session, cancel) =>
            {
                using var client = session.Client();
                await JobArguments.CheckHost(client, session.Value(host), cancel);
                var list = await client.Get("/v1/host/processes", ApiJson.Default.HostProcessList, cancel);
                return session.Print(list, () => ApiJson.Indented.HostProcessList, HostText.Of);
            });
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

    private static Argument<string?> Host() => new("HOST")
    {
        Description = "The host, by name; the agent's own when unset.",
        Arity = ArgumentArity.ZeroOrOne,
        DefaultValueFactory = _ => null,
    };

    private static Option<string> Text(string name, string description, string value) =>
        new(name) { Description = description, DefaultValueFactory = _ => value };
}
