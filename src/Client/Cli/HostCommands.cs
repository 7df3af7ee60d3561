using System.CommandLine;
using Fleet.Client.Api;

namespace Fleet.Client.Cli;

internal static class HostCommands
{
    public static FleetCommand[] All(HostCommandRunner onHost) => [Init(onHost), Status(), Processes()];

    public static FleetCommand Doctor(HostCommandRunner onHost)
    {
        var config = new Option<string?>("--config") { Description = "The agent's configuration; its defaults when unset.", HelpName = "FILE" };
        var user = new Option<string?>("--user") { Description = "The agent's user; whoever owns its folder when unset, else fleet.", HelpName = "USER" };
        return new FleetCommand("doctor", "Says what this host can enforce, and the remedy for what it cannot. Needs no agent.", "fleet doctor --config /etc/fleet/agent.conf")
            .With(config, user)
            .Runs((session, _) => onHost(session, new HostCommand.Doctor(session.File(config), session.Value(user))));
    }

    private static FleetCommand Init(HostCommandRunner onHost)
    {
        var user = Text("--user", "The agent's user; made where it is missing.", HostCommand.Init.DefaultUser);
        var state = Text("--state", "The agent's own folder.", HostCommand.Init.DefaultState);
        var bosh = new Option<string?>("--bosh-root") { Description = "BPM's root: where jobs, their data and their logs are; vcap below the agent's folder when unset." };
        var cgroup = Text("--cgroup", "The control group that is given to the user.", HostCommand.Init.DefaultCgroup);
        var prefix = RootPrefix();
        return new FleetCommand(
            "init", "Prepares this host, once and as root: user, sub-ids, folders, cgroups, and what the root helper needs. Says what it did; what is so already stays.", "sudo fleet host init")
            .With(user, state, bosh, cgroup, prefix)
            .Runs((session, _) => onHost(session, new HostCommand.Init(
                session.Value(user)!, session.Value(state)!, session.Value(bosh), session.Value(cgroup)!, Folder(session.Value(prefix)))));
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

    private static Argument<string?> Host() => new("HOST")
    {
        Description = "The host, by name; the agent's own when unset.",
        Arity = ArgumentArity.ZeroOrOne,
        DefaultValueFactory = _ => null,
    };

    private static Option<string> Text(string name, string description, string value) =>
        new(name) { Description = description, DefaultValueFactory = _ => value };
}
