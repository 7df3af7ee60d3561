using Fleet.Client.Api;
using Fleet.Client.Linux;

namespace Fleet.Client.Cli;

/// <summary>The host's own program, which lies beside this one: it has the agent in it, and all that root does for one, and reads the same command line.</summary>
internal static class HostProgram
{
    public const string Name = "fleet-host";

    /// <summary>The pid of the process that became the host's program. An exec keeps it, so who finds its own there and is the client was called by itself.</summary>
    private const string CalledBy = "FLEET_CALLED_BY";

    /// <summary>This process becomes it, with the words and the environment that this one was given. Returns only by its exception.</summary>
    /// <exception cref="CliException">It cannot be run, or is no host's program.</exception>
    public static Task<int> Become()
    {
        var program = Path.Combine(AppContext.BaseDirectory, Name);
        if (!Path.IsPathRooted(program))
        {
            // This one's own file is gone, replaced by another: what is called so in the current folder is nobody's.
            throw Unavailable("this program was replaced while it ran: call it again");
        }

        var (words, pid) = (Environment.GetCommandLineArgs(), Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture));
        if (Environment.GetEnvironmentVariable(CalledBy) == pid)
        {
            throw Unavailable($"this command is one of the host's program, and {words[0]} is fleet itself: put {Name} and {Name}.dll of the same build there");
        }

        if (MissingAssembly(program) is { } assembly)
        {
            throw Unavailable($"this command is one of {program}, which cannot be run without {assembly}: put the files of one build in one folder");
        }

        ThisProcess.Tell(CalledBy, pid);
        var why = ThisProcess.Become(program, [program, .. words.Skip(1)]);
        throw Unavailable($"this command is one of {program}, which cannot be run: {why}");
    }

    // The program only starts the runtime, which says by itself that there is nothing to run, in words that name neither Fleet nor a way out. Links are followed,
    // as the program does; of one that is not there itself, execv tells.
    private static string? MissingAssembly(string program)
    {
        var real = File.Exists(program) ? File.ResolveLinkTarget(program, returnFinalTarget: true)?.FullName ?? program : null;
        var assembly = Path.Combine(Path.GetDirectoryName(real) ?? "", $"{Name}.dll");
        return real is null || File.Exists(assembly) ? null : assembly;
    }

    private static CliException Unavailable(string message) => new(ErrorCodes.Unavailable, message);
}
