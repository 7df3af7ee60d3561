using Fleet.Client.Api;

namespace Fleet.Client.Cli;

/// <summary>The program's exit codes: a promise to scripts (docs/cli.md).</summary>
internal static class ExitCodes
{
    public const int Done = 0;
    public const int Failed = 1;
    public const int Usage = 2;
    public const int NotFound = 3;
    public const int Denied = 4;
    public const int TimedOut = 5;

    /// <summary>A root task was killed at its timeout, as by timeout(1).</summary>
    public const int TaskTimedOut = 124;

    /// <summary>A shell's convention: 128 and SIGPIPE; nobody reads what a root task writes any more.</summary>
    public const int BrokenPipe = 141;

    /// <summary>A shell's convention: 128 and SIGINT.</summary>
    public const int Interrupted = 130;

    public static int Of(string errorCode) => errorCode switch
    {
        ErrorCodes.Invalid => Usage,
        ErrorCodes.NotFound => NotFound,
        ErrorCodes.Denied => Denied,
        ErrorCodes.Timeout => TimedOut,
        _ => Failed,
    };
}
