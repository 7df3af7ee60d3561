using System.Runtime.InteropServices;

namespace Fleet.Client.Linux;

/// <summary>How this process becomes another program: same pid, so that signals reach it without a parent passing them on.</summary>
internal static partial class ThisProcess
{
    private const int SigPipe = 13;

    /// <summary>With the environment that this one was given, and what was <see cref="Tell">told</see> (execv(3)).</summary>
    /// <returns>Why it did not.</returns>
    public static string Become(string program, IEnumerable<string> words)
    {
        ForgetOurs();
        _ = Execv(program, [.. words, null]);
        return Marshal.GetLastPInvokeErrorMessage();
    }

    /// <summary>What the program that this process becomes finds in its environment (setenv(3)): .NET's own is a copy, and execv(3) does not look at it.</summary>
    public static void Tell(string name, string value) => _ = SetEnv(name, value, 1);

    /// <summary>What .NET set up for itself and a new program would keep: it ignores SIGPIPE, and an ignored signal stays so in the new program, and in its jobs.</summary>
    public static void ForgetOurs() => _ = Signal(SigPipe, 0);

    // The list ends with a null.
    [LibraryImport("libc", EntryPoint = "execv", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Execv(string path, string?[] args);

    [LibraryImport("libc", EntryPoint = "setenv", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnv(string name, string value, int overwrite);

    // SIG_DFL is 0.
    [LibraryImport("libc", EntryPoint = "signal", SetLastError = true)]
    private static partial nint Signal(int number, nint disposition);
}
