using System.CommandLine;
using System.CommandLine.Invocation;
using Fleet.Client.Api;
using Fleet.Client.Linux;

namespace Fleet.Client.Cli;

/// <summary>From the words of the command line to the exit code.</summary>
internal static class Entry
{
    /// <param name="onHost">Who does what is done on the very host.</param>
    public static async Task<int> Run(string[] args, HostCommandRunner onHost)
    {
        TakeStreams();

        // A word that begins with @ is what it says: a reason may name a person, and no file is read for it.
        var parsed = Tree.Build(onHost).Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Action is ParseErrorAction)
        {
            return Refuse(args, Failure.OfUsage(parsed));
        }

        var signals = parsed.CommandResult.Command is FleetCommand { EndsTidily: true } ? TimeSpan.FromSeconds(2) : (TimeSpan?)null;
        var invocation = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = signals };
        try
        {
            return args is ["version" or "--version"] ? VersionText.Print() : await parsed.InvokeAsync(invocation);
        }
        catch (BrokenPipeException)
        {
            return ExitCodes.BrokenPipe;
        }
        catch (CliException e)
        {
            return Failure.Show(e.Error, new Session(parsed).Json);
        }
        catch (RefusedException e)
        {
            return Failure.Show(e.Error, new Session(parsed).Json);
        }
        catch (OperationCanceledException)
        {
            return ExitCodes.Interrupted;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Failure.Show(new ApiError(ErrorCodes.Unavailable, e.Message, []), new Session(parsed).Json);
        }
    }

    /// <summary>Before a command line can be read, or instead.</summary>
    public static int Refuse(string[] args, ApiError error)
    {
        TakeStreams();
        return Failure.Show(error, args.TakeWhile(a => a != "--").Contains("--json"));
    }

    private static void TakeStreams()
    {
        Console.SetOut(StandardStream.Text(new StandardStream(1)));
        Console.SetError(StandardStream.Text(new StandardStream(2) { IsQuiet = true }));
    }
}
