using System.Collections.Immutable;
using System.Text;
using Fleet.Processes;
using Fleet.Sandboxes;

namespace Fleet.RootTasks;

// What is asked for jobs that have more than the baseline. To begin one takes signatures; to look at one, to signal and to end it takes none.
public abstract partial record RootRequest
{
    /// <summary>
    /// Start a process of a job. The helper answers <see cref="RootFrame.Wanted"/> once it may run, then takes the contents that the job names only by digest,
    /// each as <see cref="RootFrame.Content"/> frames with an empty one at its end, in the order of <see cref="Jobs.JobContents"/>, and answers <see cref="RootFrame.JobStarted"/>.
    /// </summary>
    /// <param name="Grant">The exact bytes that are signed.</param>
    /// <param name="By">Of who asked for it, in the namespace <c>fleet-request</c>.</param>
    /// <param name="Approvals">In the namespace <c>fleet-grant</c>.</param>
    /// <param name="Content">The job's canonical JSON (<see cref="Jobs.JobDigest"/>), whose digest the grant has.</param>
    /// <param name="Process">Its name.</param>
    /// <param name="Id">Of the run. Begun once: the same one again is refused.</param>
    /// <param name="Slice">The job's slice of the agent's sub-ids, from 0: whose its folders are, and who it runs as where it is not root.</param>
    /// <param name="User">Inside the slice; not looked at where the job's content names one.</param>
    public sealed record StartJob(
        ImmutableArray<byte> Grant, PresentedSignature By, ImmutableArray<PresentedSignature> Approvals, ImmutableArray<byte> Content, string Process, SandboxPhase Phase,
        RunId Id, int Slice, UserIds User) : RootRequest;

    /// <summary>Signal the first process of a run that the helper started; KILL goes to every one of it. Nothing happens to one that is gone.</summary>
    public sealed record SignalJob(RunId Id, StopSignal Signal) : RootRequest;

    /// <summary>End a run that the helper started, and remove all of it. Idempotent.</summary>
    public sealed record RemoveJob(RunId Id) : RootRequest;

    /// <summary>Say what the kernel gives a run that the helper started. Answered with <see cref="RootFrame.Kernel"/>.</summary>
    public sealed record LookAtJob(RunId Id) : RootRequest;

    private static void WriteJob(MemoryStream bytes, RootRequest request)
    {
        switch (request)
        {
            case StartJob start:
                bytes.WriteByte(StartJobKind);
                Array.ForEach([start.Slice, start.User.Uid, start.User.Gid, (int)start.Phase], number => Number(bytes, number));
                Text(bytes, start.Id.Text);
                Text(bytes, start.Process);
                Part(bytes, start.Grant.AsSpan());
                Part(bytes, start.Content.AsSpan());
                new[] { start.By }.Concat(start.Approvals).ToList().ForEach(s => Signature(bytes, s));
                break;
            case SignalJob signal:
                bytes.WriteByte(SignalJobKind);
                Number(bytes, (int)signal.Signal);
                Text(bytes, signal.Id.Text);
                break;
            case RemoveJob remove:
                bytes.WriteByte(RemoveJobKind);
                Text(bytes, remove.Id.Text);
                break;
            case LookAtJob look:
                bytes.WriteByte(LookAtJobKind);
                Text(bytes, look.Id.Text);
                break;
        }
    }

    private static RootRequest? ReadJob(int kind, ref Parts parts) => kind switch
    {
        StartJobKind => ReadStart(ref parts),
        SignalJobKind when Small(ref parts) is { } signal && Enum.IsDefined((StopSignal)signal) && ReadRun(parts.Text()) is { } run => new SignalJob(run, (StopSignal)signal),
        RemoveJobKind when ReadRun(parts.Text()) is { } run => new RemoveJob(run),
        LookAtJobKind when ReadRun(parts.Text()) is { } run => new LookAtJob(run),
        _ => null,
    };

    private static StartJob? ReadStart(ref Parts parts) =>
        Small(ref parts) is { } slice && Small(ref parts) is { } uid && Small(ref parts) is { } gid && Small(ref parts) is { } phase && Enum.IsDefined((SandboxPhase)phase)
        && ReadRun(parts.Text()) is { } run && parts.Part() is { } process && parts.Part() is { } grant && parts.Part() is { } content
        && parts.Signature() is { } by && ReadApprovals(ref parts) is { } approvals
            ? new StartJob(grant, by, approvals, content, Encoding.UTF8.GetString(process.AsSpan()), (SandboxPhase)phase, run, slice, new UserIds(uid, gid))
            : null;

    private static RunId? ReadRun(string? text) => RunId.TryParse(text, out var run) ? run : null;

    private static int? Small(ref Parts parts) => parts.Number() is { } number and >= 0 and <= int.MaxValue ? (int)number : null;

    private static void Text(MemoryStream bytes, string text) => Part(bytes, Encoding.UTF8.GetBytes(text));
}
