using System.Collections.Immutable;
using System.Globalization;
using Fleet.Client.Linux;
using Fleet.Host.Linux;
using Fleet.Sandboxes;
using Microsoft.Extensions.Logging;

namespace Fleet.Host.Sandboxes;

/// <summary>runc 1.1 and later. It compiles the filter itself.</summary>
internal sealed class Runc(SandboxSettings settings, Cgroups cgroups) : OciRuntime(settings)
{
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(2);

    // Rootless, and without a path in the bundle, it goes on where it may not make a cgroup; Scripts.Join sees to it that it may not.
    public override ImmutableArray<string> Call => [Settings.Runtime, "--rootless=true"];

    public override SeccompChoice Seccomp(ILogger log) => new SeccompChoice.Listed(SeccompFilter.Architecture);

    // Not `runc start`: that takes the exec.fifo away after the program has begun, and, as the agent's user, may not open it at all.
    public override Command Start(RunId run) => AgentNamespace.Command(Scripts.LetGo, [$"{Settings.Paths.Runtime}/{run}"]);

    public override ImmutableArray<string> Inside(ImmutableArray<string> command) => ["/bin/sh", "-c", Scripts.Gate, "sh", .. command];

    /// <remarks>
    /// runc takes some 16 threads and 14 MiB to execute a command. In the command's cgroup they would count against the job's limits, and a health check
    /// might be what makes the kernel kill the job. So runc stays outside, and the command waits at a gate until it is in its cgroup.
    /// runc gives the command's pipes to the sandbox's root, which only somebody can who has both ids: it is called in the namespace that the sandbox is nested in.
    /// </remarks>
    public override async Task<CommandResult> Exec(ExecCall call)
    {
        using var outer = OtherProcess.ParentUserNamespace(call.Identity.Pid);
        return await new Command(
            "/usr/bin/nsenter",
            [
                $"--user=/proc/{Environment.ProcessId}/fd/{outer.DangerousGetHandle()}", "--",
                .. InState("exec", "--process", call.Spec, "--pid-file", call.PidFile, call.Identity.Run.Text),
            ])
        {
            Timeout = call.Timeout,
            Env = Env,
            BeforeKill = _ => cgroups.Kill(call.Leaf),
            Input = async ended =>
            {
                await cgroups.Admit(call.Leaf, await Pid(call.PidFile, ended), IdInAgent(call.Config.Linux.UidMappings, call.Config.Process.User.Uid), ended);
                return Scripts.Go;
            },
        }.Run();
    }

    private static async Task<int> Pid(string file, CancellationToken ended)
    {
        int pid;
        while (!int.TryParse(Proc.Read(file), CultureInfo.InvariantCulture, out pid))
        {
            await Task.Delay(Glance, ended);
        }

        return pid;
    }

    private static long IdInAgent(ImmutableArray<OciIdMapping> slice, int id) => slice[0].HostId + id;
}
