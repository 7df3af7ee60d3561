using Fleet.Client.Api;
using Fleet.Client.Linux;

namespace Fleet.Client.Cli;

/// <summary>The host's own program, which lies beside this one: it has the agent in it, and all that root does for one, and reads the same command line.</summary>
internal static class HostProgram
{
    public const string Name = "fleet-host";

    // The pid of the process that became the host's program, and the version that it was. An exec keeps the pid: one that is not a process's own was left in the
    // environment by somebody else.
    private const string CalledBy = "FLEET_CALLED_BY";

    /// <summary>In the host's program: why it does nothing for the client that became it. Null: it is of the same version, or this program was called by its own name.</summary>
    public static ApiError? Refusal() => Caller() is { } version && version != ProductVersion.Text
        ? new(ErrorCodes.Unavailable, $"fleet is version {version} and {Name} beside it version {ProductVersion.Text}: they read one command line, so put the files of one build in one folder", [])
        : null;

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

        var words = Environment.GetCommandLineArgs();
        if (Caller() is not null)
        {
            throw Unavailable($"this command is one of the host's program, and {words[0]} is fleet itself: put {Name} and {Name}.dll of the same build there");
        }

        if (MissingAssembly(program) is { } assembly)
        {
            throw Unavailable($"this command is one of {program}, which cannot be run without {assembly}: put the files of one build in one folder");
        }

        ThisProcess.Tell(CalledBy, $"{Environment.ProcessId} {ProductVersion.Text}");
        var why = ThisProcess.Become(program, [program, .. words.Skip(1)]);
        throw Unavailable($"this command is one of {program}, which cannot be run: {why}");
    }

    private static string? Caller() =>
        Environment.GetEnvironmentVariable(CalledBy)?.Split(' ') is [var pid, .. var version] && pid == $"{Environment.ProcessId}" ? string.Join(' ', version) : null;

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
