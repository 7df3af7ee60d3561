using System.CommandLine;
using Fleet.Client.Api;

namespace Fleet.Client.Cli;

internal static class AgentCommands
{
    public static FleetCommand Up(HostCommandRunner onHost)
    {
        var dir = new Option<string>("--dir") { Description = "The folder with everything of it.", HelpName = "DIR", DefaultValueFactory = _ => "./.fleet" };
        var down = new Option<bool>("--down") { Description = "Stop the jobs and then the agent of the folder." };
        var prefix = HostCommands.RootPrefix();
        return new FleetCommand(
            "up", "Runs one host's agent in the foreground, as an ordinary user, with everything in one folder. Ctrl-C stops the agent, not the jobs.", "fleet up --dir /srv/fleet")
            .With(dir, down, prefix)
            .Runs((session, _) =>
            {
                var folder = session.Value(dir) is { Length: > 0 } given
                    ? Path.GetFullPath(given)
                    : throw new CliException(ErrorCodes.Invalid, "--dir names a folder, and '' is none");
                var root = HostCommands.Folder(session.Value(prefix));
                return onHost(session, session.Value(down) ? new HostCommand.Down(folder, root) : new HostCommand.Up(folder, root));
            });
    }

    public static FleetCommand Agent(HostCommandRunner onHost)
    {
        var config = new Option<string?>("--config") { Description = "The agent's configuration (HOCON).", HelpName = "FILE", Required = true };
        return new FleetCommand("agent", "Runs a host's agent in the foreground, as systemd does. Refuses to run as root.", "fleet agent --config /etc/fleet/agent.conf")
            .With(config)
            .Runs((session, _) => onHost(session, new HostCommand.Agent(session.File(config)!)));
    }

    public static FleetCommand Version() =>
        new FleetCommand("version", "Prints the program's version.", "fleet version").Runs((session, _) => Task.FromResult(session.Print(
            new VersionInfo(ProductVersion.Text, ProductVersion.Runtime, ProductVersion.Os), () => ApiJson.Indented.VersionInfo, v => $"fleet {v.Version}\n")));

    public static FleetCommand Completion()
    {
        var shell = new Argument<string>("SHELL") { Description = "bash, zsh or fish." };
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        return new FleetCommand("completion", "Prints a script that completes commands, options and names of jobs.", "source <(fleet completion bash)")
            .With(shell)
            .Runs((session, _) =>
            {
                session.Out.Write(CompletionScripts.For(session.Value(shell)));
                return Task.FromResult(ExitCodes.Done);
            });
    }
}
