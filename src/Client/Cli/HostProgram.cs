using Fleet.Client.Api;
using Fleet.Client.Linux;

namespace Fleet.Client.Cli;

/// <summary>The host's own program, which lies beside this one: it has the agent in it, and all that root does for one, and reads the same command line.</summary>
internal static class HostProgram
{
    public const string Name = "fleet-host";

    /// <summary>This process becomes it, with the words and the environment that this one was given. Returns only by its exception.</summary>
    /// <exception cref="CliException">It cannot be run.</exception>
    public static Task<int> Become()
    {
        var program = Path.Combine(AppContext.BaseDirectory, Name);
        if (!Path.IsPathRooted(program))
        {
            // This one's own file is gone, replaced by another: what is called so in the current folder is nobody's.
            throw new CliException(ErrorCodes.Unavailable, "this program was replaced while it ran: call it again");
        }

        var why = ThisProcess.Become(program, [program, .. Environment.GetCommandLineArgs().Skip(1)]);
        throw new CliException(ErrorCodes.Unavailable, $"this command is one of {program}, which cannot be run: {why}");
    }
}
