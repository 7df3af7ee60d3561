using System.CommandLine;

namespace Fleet.Client.Cli;

/// <summary>A command with what its manual needs beside the options.</summary>
/// <param name="example">One line that can be typed as it stands.</param>
internal sealed class FleetCommand(string name, string description, string example) : Command(name, description)
{
    public string Example { get; } = example;

    /// <summary>Codes beside 0, 1 and 2 that this command ends with, by <see cref="ExitCodes"/>.</summary>
    public int[] Exits { get; init; } = [];

    /// <summary>It has something to put right before Ctrl-C ends it. The others end at once, or, as the agent, mind the signal themselves.</summary>
    public bool EndsTidily { get; init; }

    public FleetCommand With(params Symbol[] symbols)
    {
        foreach (var symbol in symbols)
        {
            switch (symbol)
            {
                case Option option: Add(option); break;
                case Argument argument: Add(argument); break;
                case Command command: Add(command); break;
                default: throw new ArgumentException($"a command has no {symbol.GetType()}");
            }
        }

        return this;
    }

    public FleetCommand Runs(Func<Session, CancellationToken, Task<int>> action)
    {
        SetAction((parsed, cancel) => action(new Session(parsed), cancel));
        return this;
    }
}
