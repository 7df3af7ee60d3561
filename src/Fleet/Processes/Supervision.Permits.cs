using Fleet.Sandboxes;

namespace Fleet.Processes;

// What becomes of a process that asks for more than the baseline: every start passes here, and none is begun without a permit.
public static partial class Supervision
{
    private static ProcessEvent Start(SandboxPhase phase, int attempt, Circumstances with) => with.Permit is Permit.Missing missing
        ? new ProcessEvent.NotPermitted(missing.Why, null)
        : new ProcessEvent.Starting(
            RunId.Of(with.Wanted.Process, with.Unique), phase, with.Wanted.Generation, with.Wanted.Version, with.Wanted.Digest, with.Wanted.Restarts, attempt,
            with.Permit.GrantId);

    // What root has refused once it would refuse again: only another grant, or another wish, is a reason to ask it anew.
    private static ProcessEvent? FromNotPermitted(ProcessState.Idle state, Circumstances with) => with.Permit switch
    {
        Permit.Missing missing when missing.Why == state.Detail => null,
        Permit.Granted granted when granted.Grant.Id == state.Refused && !IsNew(state.LastRun, with.Wanted) => null,
        _ => Start(FirstPhase(with), 1, with),
    };

    /// <summary>After a start that failed for want of a permit; null: it did not.</summary>
    private static ProcessEvent? NotPermitted(ProcessState.Between state, ProcessRun run, Circumstances with) => (state.Failure, with.Permit) switch
    {
        ({ Code: StartFailureCode.PrivilegeRefused } failure, Permit.Granted granted) when granted.Grant.Id == run.Grant => new ProcessEvent.NotPermitted(failure.Message, run.Grant),
        ({ Code: StartFailureCode.PrivilegeRefused }, Permit.Granted or Permit.Missing) => Start(FirstPhase(with), 1, with),
        ({ Code: StartFailureCode.Superseded }, _) => Start(FirstPhase(with), 1, with),
        _ => null,
    };
}
