using Fleet.RootHelper.Linux;
using Microsoft.Win32.SafeHandles;

namespace Fleet.RootHelper.RootTasks;

/// <summary>A task that is granted to run unconfined: on the host itself, as its user. What it may do is all that the user may.</summary>
internal static class HostTask
{
    public static Child Start(TaskPlan plan, SafeFileHandle? program, SafeFileHandle stdout, SafeFileHandle stderr)
    {
        var task = plan.Task;
        _ = Libc.Umask(0x12 /* 0022 */);
        var words = Stage.Words(task.Uid, task.Gid, task.Groups, program is null ? task.Argv[0] : "/proc/self/fd/3", task.Argv);
        return Child.Start(
            words, [.. task.Env.Select(variable => $"{variable.Key}={variable.Value}")], task.Workdir, program is null ? [null, stdout, stderr] : [null, stdout, stderr, program]);
    }
}
