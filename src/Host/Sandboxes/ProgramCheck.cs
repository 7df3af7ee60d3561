using Fleet.Client.Linux;
using Fleet.Sandboxes;
using Microsoft.Win32.SafeHandles;

namespace Fleet.Host.Sandboxes;

/// <summary>
/// Whether a sandbox has the program that it was to execute, when it has ended so fast that nobody saw it run. tini says so in the job's log and by 127,
/// and a job can say the same; so the sandbox's namespaces, taken before the program could run, are asked, as its user. They live while they are held.
/// </summary>
internal sealed class ProgramCheck : IDisposable
{
    private readonly SafeFileHandle user;
    private readonly SafeFileHandle mounts;

    private ProgramCheck(SafeFileHandle user, SafeFileHandle mounts) => (this.user, this.mounts) = (user, mounts);

    /// <exception cref="StartRefused">The sandbox has ended.</exception>
    public static ProgramCheck Open(int pid)
    {
        var check = new ProgramCheck(Libc.Open($"/proc/{pid}/ns/user", Libc.ReadOnly), Libc.Open($"/proc/{pid}/ns/mnt", Libc.ReadOnly));
        if (check.user.IsInvalid || check.mounts.IsInvalid)
        {
            check.Dispose();
            throw new StartRefused(StartFailureCode.RuntimeFailed, "the sandbox ended before its program was started");
        }

        return check;
    }

    /// <returns>Why the program cannot be executed; null: it can, as far as its file and its interpreter tell.</returns>
    public async Task<StartFailureCode?> WhyNot(OciProcess process)
    {
        var program = process.Args[process.Args.IndexOf("--") + 1];
        var ids = process.User;
        var command = new Command("/usr/bin/nsenter", [
            $"--user={Descriptor(user)}", $"--mount={Descriptor(mounts)}", "--", "/usr/bin/setpriv", "--reuid", $"{ids.Uid}", "--regid", $"{ids.Gid}",
            .. ids.AdditionalGids is [] ? (string[])["--clear-groups"] : ["--groups", string.Join(',', ids.AdditionalGids)],
            "--", "/bin/sh", "-c", Scripts.Program, "sh", program, process.Cwd, PathOf(process)]);
        return (await command.Run()).ExitCode switch
        {
            Scripts.NoProgram => StartFailureCode.ExecutableMissing,
            Scripts.NotExecutable => StartFailureCode.ExecutableNotExecutable,
            _ => null,
        };
    }

    public void Dispose()
    {
        user.Dispose();
        mounts.Dispose();
    }

    private static string PathOf(OciProcess process) => process.Env.FirstOrDefault(e => e.StartsWith("PATH=", StringComparison.Ordinal))?["PATH=".Length..] ?? "";

    private static string Descriptor(SafeFileHandle handle) => $"/proc/{Environment.ProcessId}/fd/{handle.DangerousGetHandle()}";
}
