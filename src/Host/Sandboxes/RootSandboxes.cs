using System.Net.Sockets;
using System.Text.Json;
using Fleet.Actors.Sandboxes;
using Fleet.Grants;
using Fleet.Host.RootTasks;
using Fleet.Jobs;
using Fleet.Privileges;
using Fleet.Processes;
using Fleet.RootTasks;
using Fleet.Sandboxes;

namespace Fleet.Host.Sandboxes;

/// <summary>
/// Sandboxes that have more than the baseline: the host's root helper makes, watches and ends them, by signatures that it verifies itself. What the agent does
/// is to prepare the job's folders, to ask, and to look.
/// </summary>
internal sealed class RootSandboxes(SandboxSettings settings)
{
    private readonly Cgroups cgroups = Cgroups.OfThisHost(RootJobRun.Cgroup);

    /// <summary>Asks for a run to be started, and hands over the contents that it needs.</summary>
    /// <param name="user">Inside the job's slice.</param>
    /// <returns>Its first process, which runs, or has ended since.</returns>
    /// <exception cref="StartRefused">The helper does not answer, or refuses; nothing of it runs.</exception>
    public async Task<SandboxIdentity> Start(SandboxRequest request, JobGrant grant, UserIds user, CancellationToken cancel)
    {
        try
        {
            return await Started(request, grant, user, cancel);
        }
        catch (SocketException e)
        {
            throw new StartRefused(StartFailureCode.HostNotPrepared, RootConnection.NoAnswer(settings.RootSocket, e));
        }
    }

    private async Task<SandboxIdentity> Started(SandboxRequest request, JobGrant grant, UserIds user, CancellationToken cancel)
    {
        using var connection = await Open(Request(request, grant, user));
        await foreach (var (kind, content) in connection.Frames(cancel))
        {
            switch (kind)
            {
                case RootFrame.Wanted:
                    await Send(connection, request, grant);
                    break;
                case RootFrame.JobStarted when JsonSerializer.Deserialize(content, RootJson.Default.RootJobStarted) is { } started && started.Identity.Run == request.Run:
                    return started.Identity;
                case RootFrame.Refused when JsonSerializer.Deserialize(content, RootJson.Default.RootRefusal) is { } refusal:
                    throw new StartRefused(CodeOf(refusal.Code), $"root on this host refuses {request.Process} ({EnumText.Of(refusal.Code)}): {refusal.Message}");
            }
        }

        throw new StartRefused(StartFailureCode.RuntimeFailed, $"the root helper ended before it had started {request.Process}; its log tells more");
    }

    /// <summary>What it is to have, as the host counts; null: it runs on the host itself, as a root pre_start does.</summary>
    public KernelView? Declared(SandboxRequest request, UserIds user)
    {
        var privileges = PrivilegeSet.Of(request.Process.Job, request.Spec);
        return request.Phase == SandboxPhase.PreStart && privileges.Members.Contains(new Privilege.RootPreStart())
            ? null
            : KernelView.Declared(privileges, PrivilegedSpec.User(privileges, user, settings.SubIds.FirstUid, settings.SubIds.FirstGid, request.Slice));
    }

    public Task Signal(RunId run, StopSignal signal) => Ask(new RootRequest.SignalJob(run, signal), RootFrame.Done);

    /// <summary>Ends and removes everything of a run. Idempotent.</summary>
    /// <exception cref="IOException">The helper does not answer, or cannot; it is tried again.</exception>
    public Task Remove(RunId run) => Ask(new RootRequest.RemoveJob(run), RootFrame.Done);

    /// <summary>What the kernel gives it, as only root can see it all; null: it is gone.</summary>
    public async Task<KernelView?> Look(RunId run) =>
        await Ask(new RootRequest.LookAtJob(run), RootFrame.Kernel) is { Length: > 0 } view ? JsonSerializer.Deserialize(view, RootJson.Default.KernelView) : null;

    public SandboxUsage? Usage(RunId run) => cgroups.Usage(RootJobRun.Limited(run));

    public string FreezerFolder(RunId run) => cgroups.FreezerFolder(RootJobRun.Limited(run));

    // Version 1 counts in the group of what was killed, version 2 in all above it too.
    public long OomKills(RunId run) => cgroups.OomKills($"{RootJobRun.Limited(run)}/job");

    private static RootRequest.StartJob Request(SandboxRequest request, JobGrant grant, UserIds user) => new(
        [.. System.Text.Encoding.ASCII.GetBytes(grant.Text)], Presented(grant.By), [.. grant.Approvals.Select(Presented)],
        [.. JsonSerializer.SerializeToUtf8Bytes(grant.Content, FleetJson.Default.JobSpec)], request.Process.Name, request.Phase, request.Run, request.Slice, user);

    private static PresentedSignature Presented(GrantSignature signature) => new(signature.Principal, signature.Armored);

    private async Task Send(RootConnection connection, SandboxRequest request, JobGrant grant)
    {
        foreach (var digest in JobContents.Of(grant.Content, request.Spec))
        {
            var path = settings.Paths.Content(digest);
            if (!File.Exists(path))
            {
                throw new StartRefused(StartFailureCode.FilesRefused, $"a content of {request.Process} ({digest}) is not on this host; submit the job again");
            }

            foreach (var piece in (await File.ReadAllBytesAsync(path)).Chunk(RootFrames.Longest))
            {
                await connection.Send(RootFrame.Content, piece);
            }

            await connection.Send(RootFrame.Content, []);
        }
    }

    private async Task<RootConnection> Open(RootRequest request)
    {
        var length = RootRequest.Write(request).Length;
        if (length > RootFrames.Longest)
        {
            throw new StartRefused(
                StartFailureCode.FilesRefused, $"the job with its grant has {length} bytes, and root on this host takes {RootFrames.Longest}: put what is long into files");
        }

        return await RootConnection.Open(settings.RootSocket, request);
    }

    private async Task<byte[]> Ask(RootRequest request, RootFrame answer)
    {
        try
        {
            using var connection = await RootConnection.Open(settings.RootSocket, request);
            await foreach (var (kind, content) in connection.Frames())
            {
                if (kind == answer)
                {
                    return content;
                }

                if (kind == RootFrame.Refused && JsonSerializer.Deserialize(content, RootJson.Default.RootRefusal) is { } refusal)
                {
                    throw new IOException($"the root helper refuses ({EnumText.Of(refusal.Code)}): {refusal.Message}");
                }
            }
        }
        catch (SocketException e)
        {
            throw new IOException(RootConnection.NoAnswer(settings.RootSocket, e), e);
        }

        throw new IOException("the root helper ended without an answer; its log tells more");
    }

    // What another try may bring is told from what only people can change.
    private static StartFailureCode CodeOf(RootDenial denial) => denial switch
    {
        RootDenial.UnsafePath => StartFailureCode.FilesRefused,
        RootDenial.CannotRun or RootDenial.Withdrawn => StartFailureCode.RuntimeFailed,
        RootDenial.LogUnwritable or RootDenial.PolicyUnusable or RootDenial.SignersUnusable or RootDenial.ClockWentBack => StartFailureCode.HostNotPrepared,
        _ => StartFailureCode.PrivilegeRefused,
    };
}
