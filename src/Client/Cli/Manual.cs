using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Fleet.Client.Cli;

/// <summary><c>--help</c>: what System.CommandLine writes, and below it the exit codes and an example, as a manual page has them.</summary>
internal sealed class Manual(HelpAction standard) : SynchronousCommandLineAction
{
    private static readonly Dictionary<int, string> Meanings = new()
    {
        [ExitCodes.Done] = "done",
        [ExitCodes.Failed] = "the operation failed, or the fleet refused it",
        [ExitCodes.Usage] = "the command line or a file is wrong",
        [ExitCodes.NotFound] = "not found",
        [ExitCodes.Denied] = "denied: policy, or a missing grant",
        [ExitCodes.TimedOut] = "timed out waiting",
        [ExitCodes.TaskTimedOut] = "the root task was killed at its timeout",
    };

    public override bool ClearsParseErrors => true;

    public static void Install(RootCommand root)
    {
        // The standard one has /h and /? as well, which are paths here.
        root.Options.Remove(root.Options.OfType<HelpOption>().Single());
        var help = new HelpOption("--help", "-h");
        help.Action = new Manual((HelpAction)help.Action!);
        root.Add(help);
    }

    public override int Invoke(ParseResult parseResult)
    {
        standard.Invoke(parseResult);
        var output = parseResult.InvocationConfiguration.Output;
        if (parseResult.CommandResult.Command is not FleetCommand command)
        {
            return ExitCodes.Done;
        }

        if (command.Action is not null)
        {
            output.WriteLine("Exit codes:");
            foreach (var code in new[] { ExitCodes.Done, ExitCodes.Failed, ExitCodes.Usage }.Union(command.Exits).Order())
            {
                output.WriteLine($"  {code}  {Meanings[code]}");
            }

            output.WriteLine();
        }

        output.WriteLine("Example:");
        output.WriteLine($"  {command.Example}");
        output.WriteLine();
        return ExitCodes.Done;
    }
}
