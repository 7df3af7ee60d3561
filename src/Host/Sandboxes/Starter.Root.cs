using Fleet.Grants;
using Fleet.Sandboxes;

namespace Fleet.Host.Sandboxes;

// Of what has more than the baseline the agent prepares the folders and the logs; the root helper does the rest.
internal sealed partial class Starter
{
    private async Task<SandboxIdentity> StartByRoot(SandboxRequest request, JobGrant grant, CancellationToken cancel)
    {
        CheckSlice(request);
        var user = OciSpec.User(request.Spec, facts());
        await Prepare(request, user, cancel);
        using var logs = LogFiles.Open(settings.Paths, request.Process);
        var bundle = new Bundle(settings.Paths, request.Run);

        // Before the helper is asked: from here on it is known whose a run is that this agent is killed over.
        var declared = roots.Declared(request, user);
        bundle.WriteForRoot(declared);
        var identity = await roots.Start(request, grant, user, cancel);
        bundle.Remember(identity);
        await AwaitProgram(request, identity, exit => CheckRootsExit(request, exit, logs), cancel);
        WritePidFile(request, identity.Pid);
        return identity;
    }

    // Which of the two it is, only root could look up; what tini says of it is for the operator to read.
    private static Task CheckRootsExit(SandboxRequest request, SandboxExit exit, LogFiles logs) =>
        CheckExit(request, exit, logs, () => Task.FromResult<StartFailureCode?>(
            exit.Code == Scripts.NoProgram ? StartFailureCode.ExecutableMissing : StartFailureCode.ExecutableNotExecutable));
}
