using Fleet.Host.Linux;
using Fleet.Processes;

namespace Fleet.Host.Sandboxes;

/// <summary>
/// The conmon of a run, and the shell that is about to become one. It is looked for by its arguments, because its pid, written down, may since be
/// another's; and by its program, because an operator may well name the same folder in a command of his own.
/// </summary>
internal sealed class Monitors(SandboxSettings settings)
{
    private const string Shell = "/bin/sh";

    public bool AnyOf(Bundle bundle) => Proc.WithArgument(bundle.Folder).Any(pid => Is(pid, bundle));

    public void End(Bundle bundle)
    {
        foreach (var pid in Proc.WithArgument(bundle.Folder))
        {
            // The pidfd first, the looks then: what the pidfd stands for can no longer change.
            using var pidfd = OtherProcess.Open(pid);
            if (pidfd is not null && Is(pid, bundle))
            {
                OtherProcess.Signal(pidfd, (int)StopSignal.Kill);
            }
        }
    }

    private bool Is(int pid, Bundle bundle)
    {
        var args = Proc.CommandLine(pid)?.Split('\0') ?? [];
        if (!args.Contains(bundle.Folder) || Proc.Executable(pid) is not { } program)
        {
            return false;
        }

        // Of the shells: the one of Scripts.Launch has conmon's path among its arguments, the one that conmon calls, the script's.
        return program == TrustedPath.Resolve(settings.Conmon)
            || (program == TrustedPath.Resolve(Shell) && (args.Contains(settings.Conmon) || args.Contains(Launcher.JoinOf(settings))));
    }
}
