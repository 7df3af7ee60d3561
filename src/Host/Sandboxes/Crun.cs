using System.Collections.Immutable;
using Fleet.Client.Linux;
using Fleet.Sandboxes;
using Microsoft.Extensions.Logging;

namespace Fleet.Host.Sandboxes;

/// <summary>crun: small and quick enough to be in the command's cgroup itself; it takes the filter compiled.</summary>
internal sealed class Crun(SandboxSettings settings, Cgroups cgroups) : OciRuntime(settings)
{
    public override ImmutableArray<string> Call => [Settings.Runtime, "--cgroup-manager=disabled"];

    public override SeccompChoice Seccomp(ILogger log) => new SeccompChoice.Compiled(SeccompFilter.Load(Settings.Paths, log));

    public override Command Start(RunId run) => new(Settings.Runtime, InState("start", run.Text)[1..]) { Env = Env };

    public override Task<CommandResult> Exec(ExecCall call) =>
        new Command("/bin/sh", ["-c", Scripts.Exec, "sh", .. InState("exec", "--process", call.Spec, call.Identity.Run.Text)])
        {
            Timeout = call.Timeout,

            // The runtime stays, to reap the command: else its zombie, which the host's PID 1 reaps when it likes, would hold up the sandbox's own end.
            BeforeKill = runtime => cgroups.Kill(call.Leaf, except: runtime),
            Env = new Dictionary<string, string>(Env) { ["FLEET_LEAVES"] = string.Join(' ', cgroups.Folders(call.Leaf)) },
        }.Run();
}
