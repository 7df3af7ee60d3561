using System.Buffers.Binary;
using System.Text;
using Fleet.Grants;
using Fleet.RootTasks;
using static Fleet.RootHelper.Tests.HelperHost;

namespace Fleet.RootHelper.Tests;

/// <summary>Keys that a FIDO token holds (PROTOCOL.u2f), by a token in software: the real ssh-keygen makes and verifies their signatures.</summary>
public sealed class TokenTests : IClassFixture<Keys>, IDisposable
{
    private readonly Keys keys;
    private readonly HelperHost host;

    public TokenTests(Keys keys)
    {
        Keys.NeedToken();
        (this.keys, host) = (keys, new HelperHost(keys));
    }

    public void Dispose() => host.Dispose();

    [SkippableTheory]
    [InlineData("ed25519-sk")]
    [InlineData("ecdsa-sk")]
    public void A_token_s_signatures_ask_for_root_approve_it_and_revoke_it(string type)
    {
        host.SetSigners(keys.Line("alice", type: type) + keys.Line("bob", "namespaces=\"fleet-grant,fleet-revoke\"", type));
        var grant = Grant(task => task with { UsesPerHost = 2 }, "/usr/bin/id", "-u");
        var run = Signed(grant, type);

        var ran = host.Ask(run);
        Assert.Equal((null, "0\n"), (ran.Refusal, ran.Stdout));
        Assert.Equal(["alice", "bob"], host.Log().Single(e => e.What == RootAct.Starting).Signers.Select(s => s.Split(' ')[0]));

        byte[] revocation = [.. RootRevocation.Write(new RootRevocation(RootRevocation.Version, grant.Fleet, grant.Id, "done"))];
        Assert.Null(host.Ask(new RootRequest.Revoke([.. revocation], keys.Sign("bob", "fleet-revoke", revocation, type: type))).Refusal);
        Assert.Equal(RootDenial.Revoked, host.Ask(run with { Use = 2 }).Refusal?.Code);
    }

    [SkippableTheory]
    [InlineData("ed25519-sk")]
    [InlineData("ecdsa-sk")]
    public void One_changed_byte_another_namespace_or_other_bytes_make_it_no_signature(string type)
    {
        host.SetSigners(keys.Line("alice", type: type) + keys.Line("bob", type: type));
        var run = Signed(Grant("/bin/true"), type);
        Assert.True(WasTouched(run.Approvals[0]));
        byte[] bytes = [.. run.Grant];

        PresentedSignature[] spoiled =
        [
            .. Spoiled(run.Approvals[0]),
            keys.Sign("bob", "fleet-request", bytes, type: type),
            keys.Sign("bob", "fleet-grant", [.. bytes, (byte)'\n'], type: type),
            keys.Sign("mallory", "fleet-grant", bytes, claimed: "bob", type: type),
            keys.Sign("alice", "fleet-grant", bytes, claimed: "bob", type: type),
        ];
        Assert.All(spoiled, signature => Assert.Equal(RootDenial.BadSignature, host.Ask(run with { Approvals = [signature] }).Refusal?.Code));
        Assert.Null(host.Ask(run).Refusal);
    }

    // ssh-keygen verifies that a token signed, and what it said of a hand; it does not want there to have been one.
    [SkippableTheory]
    [InlineData("ed25519-sk,no-touch-required")]
    [InlineData("ecdsa-sk,no-touch-required")]
    public void A_token_that_nobody_touched_does_not_count(string type)
    {
        host.SetSigners(keys.Line("alice") + keys.Line("bob", type: type));
        var bytes = GrantFormat.Write(Grant("/bin/true"));
        var signature = keys.Sign("bob", "fleet-grant", bytes, type: type);

        Assert.False(WasTouched(signature));
        var refusal = host.Ask(new RootRequest.Run([.. bytes], keys.Sign("alice", "fleet-request", bytes), [signature], 1)).Refusal;
        Assert.Equal(RootDenial.BadSignature, refusal?.Code);
        Assert.Contains("without being touched", refusal!.Message, StringComparison.Ordinal);
    }

    // ssh-keygen takes it for the same key, and says that the signature is good.
    [SkippableTheory]
    [InlineData("ed25519-sk")]
    [InlineData("ED25519-SK")]
    public void Nor_does_one_whose_key_has_another_name_of_its_kind(string kind)
    {
        host.SetSigners(keys.Line("alice") + keys.Line("bob", type: "ed25519-sk,no-touch-required"));
        var bytes = GrantFormat.Write(Grant("/bin/true"));
        var signature = keys.Sign("bob", "fleet-grant", bytes, type: "ed25519-sk,no-touch-required");
        signature = signature with { Armored = Armored(Renamed(Bytes(signature), kind)) };

        var refusal = host.Ask(new RootRequest.Run([.. bytes], keys.Sign("alice", "fleet-request", bytes), [signature], 1)).Refusal;
        Assert.Equal(RootDenial.BadSignature, refusal?.Code);
        Assert.Contains("does not count", refusal!.Message, StringComparison.Ordinal);
    }

    // After the preamble of ten bytes comes the length of the key, and in that its kind with a length of its own.
    private static byte[] Renamed(byte[] bytes, string kind)
    {
        var key = bytes.AsSpan(14, BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(10)));
        byte[] renamed = [0, 0, 0, (byte)kind.Length, .. Encoding.ASCII.GetBytes(kind), .. key[(4 + BinaryPrimitives.ReadInt32BigEndian(key))..]];
        return [.. bytes.AsSpan(0, 10), 0, 0, 0, (byte)renamed.Length, .. renamed, .. bytes.AsSpan(14 + key.Length)];
    }

    [SkippableTheory]
    [InlineData("no-touch-required")]
    [InlineData("touch-required")]
    [InlineData("verify-required")]
    public void A_line_that_says_how_a_token_is_to_sign_lets_nobody_sign(string option)
    {
        host.SetSigners(keys.Line("alice") + keys.Line("bob", option, "ed25519-sk") + keys.Line("carol"));
        var bytes = GrantFormat.Write(Grant("/bin/true"));
        var run = new RootRequest.Run([.. bytes], keys.Sign("alice", "fleet-request", bytes), [keys.Sign("bob", "fleet-grant", bytes, type: "ed25519-sk")], 1);

        Assert.Equal(RootDenial.BadSignature, host.Ask(run).Refusal?.Code);
        Assert.Null(host.Ask(run with { Approvals = [keys.Sign("carol", "fleet-grant", bytes)] }).Refusal);
    }

    private RootRequest.Run Signed(GrantDocument grant, string type)
    {
        var bytes = GrantFormat.Write(grant);
        return new([.. bytes], keys.Sign("alice", "fleet-request", bytes, type: type), [keys.Sign("bob", "fleet-grant", bytes, type: type)], 1);
    }

    // Counted from the end: a counter of four bytes, a byte of flags, of which the last bit is the touch, and the numbers of the signature itself.
    private static IEnumerable<PresentedSignature> Spoiled(PresentedSignature signature)
    {
        var bytes = Bytes(signature);
        foreach (var (at, bit) in new[] { (1, 1), (4, 0x80), (5, 1), (5, 4), (6, 1), (30, 1), (bytes.Length - 60, 1) })
        {
            byte[] changed = [.. bytes];
            changed[^at] ^= (byte)bit;
            yield return signature with { Armored = Armored(changed) };
        }

        yield return signature with { Armored = Armored(bytes[..^5]) };
        yield return signature with { Armored = Armored([.. bytes, 0]) };
    }

    private static bool WasTouched(PresentedSignature signature) => (Bytes(signature)[^5] & 1) != 0;

    private static byte[] Bytes(PresentedSignature signature) => Convert.FromBase64String(string.Concat(signature.Armored.Split('\n').Where(line => !line.StartsWith('-'))));

    private static string Armored(byte[] bytes) =>
        $"-----BEGIN SSH SIGNATURE-----\n{string.Join('\n', Convert.ToBase64String(bytes).Chunk(70).Select(line => new string(line)))}\n-----END SSH SIGNATURE-----\n";
}
