using System.CommandLine;

namespace Fleet.Client.Cli;

/// <summary>All commands: the table of contents of docs/cli.md.</summary>
internal static class Tree
{
    /// <param name="onHost">As of <see cref="Entry.Run"/>.</param>
    public static RootCommand Build(HostCommandRunner onHost)
    {
        var root = new RootCommand("Runs jobs on Linux hosts with the least privilege each of them needs.")
        {
            Session.JsonOption,
            Session.AddressOption,
            AgentCommands.Up(onHost),
            AgentCommands.Agent(onHost),
            HostCommands.Doctor(onHost),
            Noun(
                "job", "Jobs: submit, look at, change.", "fleet job list",
                [.. JobFileCommands.All(), .. JobReadCommands.All(), .. JobChangeCommands.All(), JobLogsCommand.Logs()]),
            Noun("host", "The host that the agent runs on.", "fleet host status", HostCommands.All(onHost)),
            Noun("root", "Root for a while: ask, approve, look at, end.", "fleet root list", [.. RootRequestCommands.All(), .. RootRunCommands.All(), .. RootReadCommands.All(), .. RootChangeCommands.All()]),
            Noun("audit", "The record of what happened.", "fleet audit log --since 1h", AuditCommands.Log()),
            AgentCommands.Version(),
            AgentCommands.Completion(),
        };
        Manual.Install(root);
        Suggestion.Install(root);
        return root;
    }

    private static FleetCommand Noun(string name, string description, string example, params Command[] verbs) => new FleetCommand(name, description, example).With(verbs);
}
