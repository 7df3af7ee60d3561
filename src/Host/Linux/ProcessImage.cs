using System.Runtime.InteropServices;
using Fleet.Client.Linux;

namespace Fleet.Host.Linux;

internal static partial class ProcessImage
{
    /// <summary>As <see cref="ThisProcess.Become"/>, with this environment and no other (execve(2)).</summary>
    /// <returns>Why it did not.</returns>
    public static string Replace(string program, IEnumerable<string> words, IEnumerable<string> environment)
    {
        ThisProcess.ForgetOurs();
        _ = Execve(program, [.. words, null], [.. environment, null]);
        return Marshal.GetLastPInvokeErrorMessage();
    }

    // Both lists end with a null.
    [LibraryImport("libc", EntryPoint = "execve", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Execve(string path, string?[] args, string?[] env);
}
