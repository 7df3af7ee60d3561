using System.Collections.Immutable;
using System.Diagnostics;
using System.Text;
using Akka.Actor;
using Fleet.Actors.Grants;
using Fleet.Client.Api;
using Fleet.Client.Grants;
using Fleet.Grants;
using Fleet.Host.Grants;
using Fleet.Host.RootTasks;
using Fleet.Ledger;
using Fleet.RootTasks;

namespace Fleet.Host.Api;

/// <summary>
/// What the agent does for its callers about grants: verifies signatures, and asks the actors. Thread-safe; holds no state of its own. Who may do a thing is
/// said by signatures; to deny and to revoke takes rights away, and needs none. All methods throw <see cref="RefusedException"/>.
/// </summary>
/// <param name="grants">Answers <see cref="GrantMessage"/> and <see cref="ListGrants"/>.</param>
/// <param name="runs">What runs on this host.</param>
public sealed class GrantApi(IActorRef grants, RootFolder root, SshSignatures signatures, RootRuns runs)
{
    /// <summary>How long the actor may take to answer, its writes included.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(15);

    public RootPolicyInfo Policy() => GrantMapping.Policy(root.Policy(), root.Signers());

    public async Task<GrantList> List(string? state) => new(
        [.. (await grants.Ask<ImmutableArray<Grant>>(ListGrants.Instance, Patience)).Where(grant => GrantMapping.IsOf(state, grant)).Select(GrantMapping.Summary)]);

    public async Task<GrantDetail> Get(GrantId id) => GrantMapping.Detail(await Find(id));

    public async Task<GrantChanged> Request(GrantRequest request, Cause cause)
    {
        var document = GrantDocuments.Read(request.Document);
        var policy = root.Policy();
        if (Beyond(policy, document).ToArray() is { Length: > 0 } beyond)
        {
            throw new RefusedException(new ApiError(ErrorCodes.Denied, "the policy of root allows no such grant", beyond));
        }

        var by = await signatures.Verify(request.Document, request.Signature, SignatureNamespaces.Request);
        var quorum = document.BreakGlass ? new Quorum(1, policy.BreakGlass!.RequesterCounts) : new Quorum(policy.Threshold, policy.RequesterCounts);
        return await Do(document.Id, new GrantCommand.Request(request.Document, by, quorum), cause with { Reason = document.Reason });
    }

    /// <summary>What is refused as an approval is an event as well: somebody has tried.</summary>
    public async Task<GrantChanged> Approve(GrantId id, SignatureRequest request, Cause cause)
    {
        try
        {
            return await Do(id, new GrantCommand.Approve(await Verify(id, request, SignatureNamespaces.Grant)), cause);
        }
        catch (RefusedException e) when (e.Error.Code == ErrorCodes.Denied)
        {
            // Refused it is, also where that cannot be written down now.
            _ = await grants.Ask<GrantReply>(new GrantMessage.Do(id, new GrantCommand.RefusedApproval(e.Error.Message), cause), Patience);
            throw;
        }
    }

    public async Task<GrantChanged> Review(GrantId id, SignatureRequest request, Cause cause) =>
        await Do(id, new GrantCommand.Review(await Verify(id, request, SignatureNamespaces.Review)), cause);

    public Task<GrantChanged> Deny(GrantId id, ReasonRequest request, Cause cause) => Do(id, new GrantCommand.Deny(Reason(request)), cause);

    /// <summary>
    /// The host first, where somebody signed that, and whatever the fleet thinks of the grant: an agent that was taken over may keep approvals from the fleet.
    /// </summary>
    public async Task<GrantChanged> Revoke(GrantId id, RevokeRequest request, Cause cause)
    {
        var reason = Reason(new ReasonRequest(request.Reason));
        var told = request.Signature is { } armored ? await Tell(id, reason, armored) : null;
        var changed = await Do(id, new GrantCommand.Revoke(reason), cause);
        await runs.End(id);
        return told is null ? changed : throw told;
    }

    /// <returns>Why the host does not know; null: it does.</returns>
    private async Task<RefusedException?> Tell(GrantId id, string reason, string armored)
    {
        var bytes = RootRevocation.Write(new RootRevocation(RootRevocation.Version, (await Find(id)).Asking!.Document.Fleet, id, reason));
        var by = await signatures.Verify(Encoding.UTF8.GetString(bytes), armored, SignatureNamespaces.Revoke);
        try
        {
            await runs.Tell(new RootRequest.Revoke([.. bytes], new PresentedSignature(by.Principal, by.Armored)));
            return null;
        }
        catch (RefusedException e)
        {
            return e;
        }
    }

    public IAsyncEnumerable<RootRunLine> Run(GrantId id, RunGrantRequest request, Cause cause, CancellationToken cancel) =>
        runs.Run(id, root.Policy().Host, request.Anyway, cause, cancel);

    /// <summary>The recording of one use.</summary>
    public string Recording(GrantId id, int use) => runs.Recording(id, use)
        ?? throw new RefusedException(RefusalCode.NotFound, $"there is no recording of use {use} of {id}: it is made where the grant was asked for with --record");

    // What every host with this policy would refuse: who asks hears it before anybody signs.
    private static IEnumerable<ErrorDetail> Beyond(RootPolicy policy, GrantDocument document)
    {
        var glass = document.BreakGlass ? policy.BreakGlass : null;
        var longest = glass?.LongestWindowSeconds ?? policy.LongestWindowSeconds;
        var window = (document.NotAfter - document.NotBefore).TotalSeconds;
        return
        [
            .. If(document.Fleet != policy.Fleet, "fleet", $"this is fleet '{policy.Fleet}', not '{document.Fleet}'"),
            .. If(document.BreakGlass && glass is null, "break_glass", $"the policy of host '{policy.Host}' has no break_glass; ask for an ordinary grant"),
            .. If(window > longest, "not_after", $"a window is at most {longest} s long, not {window} s"),
            .. If(
                document.RootTask?.TimeoutSeconds > policy.LongestTimeoutSeconds, "root_task.timeout_seconds",
                $"a timeout is at most {policy.LongestTimeoutSeconds} s, not {document.RootTask?.TimeoutSeconds} s"),
        ];
    }

    private static ErrorDetail[] If(bool holds, string path, string message) => holds ? [new ErrorDetail(path, message)] : [];

    private static string Reason(ReasonRequest request) => request.Reason switch
    {
        var reason when string.IsNullOrWhiteSpace(reason) => throw new RefusedException(RefusalCode.Invalid, "a reason says why; got a blank one"),
        { Length: > GrantRules.LongestText } reason => throw new RefusedException(RefusalCode.Invalid, $"a reason has at most {GrantRules.LongestText} characters, not {reason.Length}"),
        var reason => reason,
    };

    private async Task<GrantSignature> Verify(GrantId id, SignatureRequest request, string purpose) =>
        await signatures.Verify((await Find(id)).Asking!.Text, request.Signature, purpose);

    private async Task<Grant> Find(GrantId id) => (await Ask(new GrantMessage.Get(id))).Grant;

    private async Task<GrantChanged> Do(GrantId id, GrantCommand command, Cause cause)
    {
        var accepted = await Ask(new GrantMessage.Do(id, command, cause));
        return new GrantChanged(accepted.Changed, GrantMapping.Detail(accepted.Grant));
    }

    private async Task<GrantReply.Accepted> Ask(GrantMessage message) => await grants.Ask<GrantReply>(message, Patience) switch
    {
        GrantReply.Accepted accepted => accepted,
        GrantReply.Refused refused => throw new RefusedException(ApiError.Of(refused.Refusal)),
        var other => throw new UnreachableException($"no such reply: {other.GetType()}"),
    };
}
