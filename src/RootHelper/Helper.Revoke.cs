using System.Collections.Immutable;
using System.Text.Json;
using Fleet.Grants;
using Fleet.Ledger;
using Fleet.RootHelper.Grants;
using Fleet.RootHelper.RootTasks;
using Fleet.RootTasks;

namespace Fleet.RootHelper;

/// <summary>The request that only takes away.</summary>
internal sealed partial class Helper
{
    private void Revoke(RootRequest.Revoke revoke, HostPolicy host)
    {
        var by = SshKeygen.Verify(revoke.Revocation.AsSpan(), host.Signers, [(revoke.By, SignatureNamespaces.Revoke)])[0];
        entry = entry with { Document = Digest.Of(revoke.Revocation.AsSpan()), Signers = [$"{by.Principal} {by.Key}"] };
        var revocation = RevocationOf(revoke.Revocation, host.Policy);
        entry = entry with { Grant = revocation.Grant, Detail = EventText.Visible(revocation.Reason) };
        try
        {
            state.Revoke(revocation.Grant);
        }
        finally
        {
            // To end is always allowed, also where nothing can be written any more.
            state.EndAll(revocation.Grant);
            jobs.EndAll(revocation.Grant);
        }

        if (!state.IsRevocationLogged(revocation.Grant))
        {
            log.Append(entry with { At = Now, What = RootAct.Revoked });
            state.RememberRevocationLogged(revocation.Grant);
        }

        client.Send(RootFrame.Done, []);
    }

    private static RootRevocation RevocationOf(ImmutableArray<byte> bytes, RootPolicy policy)
    {
        try
        {
            var revocation = RootRevocation.Read(bytes.AsSpan());
            return revocation.Fleet == policy.Fleet
                ? revocation
                : throw new Denied(RootDenial.WrongFleet, $"the revocation is of the fleet {EventText.Visible(revocation.Fleet)}, and this host belongs to {policy.Fleet}");
        }
        catch (JsonException e)
        {
            throw new Denied(RootDenial.BadRequest, $"this is not a revocation: {e.Message}");
        }
    }
}
