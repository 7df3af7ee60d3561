using System.Runtime.InteropServices;

namespace Fleet.Client.Linux;

/// <summary>How this process becomes another program: same pid, so that signals reach it without a parent passing them on.</summary>
internal static partial class ThisProcess
{
    private const int SigPipe = 13;

    /// <summary>With the environment that this one was given (execv(3)).</summary>
    /// <returns>Why it did not.</returns>
    public static string Become(string program, IEnumerable<string> words)
    {
        ForgetOurs();
        _ = Execv(program, [.. words, null]);
        return Marshal.GetLastPInvokeErrorMessage();
    }

    /// <summary>With this environment and no other (execve(2)).</summary>
    /// <returns>As of the other.</returns>
    public static string Become(string program, IEnumerable<string> words, IEnumerable<string> environment)
    {
        ForgetOurs();
        _ = Execve(program, [.. words, null], [.. environment, null]);
        return Marshal.GetLastPInvokeErrorMessage();
    }

    // .NET ignores it, and an ignored signal stays so in the new program, and in its jobs.
    private static void ForgetOurs() => _ = Signal(SigPipe, 0);

    // Both lists end with a null.
    [LibraryImport("libc", EntryPoint = "execv", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Execv(string path, string?[] args);

    [LibraryImport("libc", EntryPoint = "execve", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Execve(string path, string?[] args, string?[] env);

    // SIG_DFL is 0.
    [LibraryImport("libc", EntryPoint = "signal", SetLastError = true)]
    private static partial nint Signal(int number, nint disposition);
}
