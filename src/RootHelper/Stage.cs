using System.Runtime.InteropServices;
using Fleet.RootHelper.Linux;
using Microsoft.Win32.SafeHandles;

namespace Fleet.RootHelper;

/// <summary>
/// The last step of a task that runs unconfined: becomes its user by numbers alone, and then its program. No name service is asked, as setpriv(1) would, whose
/// user named "1000" need not be user 1000.
/// </summary>
internal static partial class Stage
{
    private const int SetParentDeathSignal = 1, Sigpipe = 13;

    /// <summary>The words by which the helper starts this; <see cref="Become"/> reads them.</summary>
    public static string[] Words(int uid, int gid, IEnumerable<int> groups, string program, IEnumerable<string> argv) =>
        [Environment.ProcessPath!, "--become", $"{Environment.ProcessId}", $"{uid}", $"{gid}", string.Join(',', groups), program, .. argv];

    /// <summary>Returns only where it fails.</summary>
    public static int Become(int parent, int uid, int gid, int[] groups, string program, string[] argv)
    {
        LinuxException.Check(SetGroups((nuint)groups.Length, groups), "set the groups");
        LinuxException.Check(SetGroup(gid, gid, gid), "set the group");
        LinuxException.Check(SetUser(uid, uid, uid), "set the user");

        // After the user, for a change of that clears it (prctl(2)); and whoever should be the parent may be gone by then.
        LinuxException.Check(Prctl(SetParentDeathSignal, Libc.Sigkill, 0, 0, 0), "end with the helper");
        if (Parent() != parent)
        {
            throw new IOException("the helper has ended");
        }

        // The runtime of this program ignores it; the task has it as it is by default.
        _ = Signal(Sigpipe, 0);
        _ = Execute(program, [.. argv, null]);
        throw new LinuxException($"run {argv[0]}");
    }

    /// <summary>The words by which the helper starts <see cref="Watch"/>.</summary>
    public static string[] WatchWords(string exit, string program) => [Environment.ProcessPath!, "--watch", exit, program];

    /// <summary>
    /// What conmon is to a container, for a program on the host itself: says its pid at descriptor 3, and its end in a file that is renamed into place.
    /// </summary>
    public static int Watch(string exit, string program)
    {
        Libc.KeepDescriptors(); // The answer is this program's to give.
        using var stdout = new SafeFileHandle(1, ownsHandle: false);
        using var stderr = new SafeFileHandle(2, ownsHandle: false);
        var environment = Environment.GetEnvironmentVariables().Cast<System.Collections.DictionaryEntry>().Select(v => $"{v.Key}={v.Value}").ToArray();
        using var child = Child.Start([program], environment, "/", null, stdout, stderr);
        using (var answer = new FileStream(new SafeFileHandle(3, ownsHandle: true), FileAccess.Write, 0))
        {
            // Waited for only below, so that it is still to be seen, though it may have ended.
            answer.Write(System.Text.Encoding.ASCII.GetBytes(Jobs.MonitorAnswer.Of(child.Pid, Proc.StartTicks(child.Pid) ?? 0)));
        }

        File.WriteAllText($"{exit}.AAAAAA", child.Wait().Code.ToString(System.Globalization.CultureInfo.InvariantCulture));
        File.Move($"{exit}.AAAAAA", exit, overwrite: true);
        return 0;
    }

    [LibraryImport("libc", EntryPoint = "setgroups", SetLastError = true)]
    private static partial int SetGroups(nuint count, int[] groups);

    [LibraryImport("libc", EntryPoint = "setresgid", SetLastError = true)]
    private static partial int SetGroup(int real, int effective, int saved);

    [LibraryImport("libc", EntryPoint = "setresuid", SetLastError = true)]
    private static partial int SetUser(int real, int effective, int saved);

    [LibraryImport("libc", EntryPoint = "prctl", SetLastError = true)]
    private static partial int Prctl(int option, nint a, nint b, nint c, nint d);

    [LibraryImport("libc", EntryPoint = "getppid")]
    private static partial int Parent();

    [LibraryImport("libc", EntryPoint = "signal", SetLastError = true)]
    private static partial nint Signal(int number, nint disposition);

    [LibraryImport("libc", EntryPoint = "execv", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Execute(string path, string?[] argv);
}
