using System.Text;
using System.Text.Json;
using Fleet.Grants;
using Fleet.RootTasks;
using Fleet.Tests.Grants;

namespace Fleet.Tests.RootTasks;

public class RootRecordTests
{
    private static readonly RootLogEntry Entry = new(
        1, RootLogEntry.Nothing, GrantSample.Noon, GrantSample.Noon, RootAct.Ended, Digest.Of("policy"), GrantSample.ForTask.Id, 2, Digest.Of("grant"),
        ["alice SHA256:a", "bob SHA256:b"], RootDenial.UseTaken, 137, RootEnd.Timeout, new OutputDigest(3, Digest.Of("out")), new OutputDigest(0, Digest.Of("")), "a \\u001b word");

    // Hosts have logs of it: a change of this text is a change of the format.
    [Fact]
    public void An_entry_of_the_root_log_is_stored_like_this() => Assert.Equal(
        """
        {"number":1,"previous":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","at":"2026-11-26T12:00:00+00:00","latest":"2026-11-26T12:00:00+00:00","what":"ended","policy":"sha256:823412d1eacb67956220e532959f0104603057c88704863ca38e7cd188fda812","grant":"g-8f3a91b2c4d5e6f7","use":2,"document":"sha256:3492ad65d05a973fef8c825521eeb41ae64625a672a8aeeeabc696e16d62a020","signers":["alice SHA256:a","bob SHA256:b"],"denial":"use_taken","exit_code":137,"how":"timeout","stdout":{"bytes":3,"digest":"sha256:762069bc07a6e1b5df123a5ae7bd91c10daa04694fbaa17fba0cd6a8dcce8f22"},"stderr":{"bytes":0,"digest":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},"detail":"a \\u001b word"}

        """,
        Encoding.UTF8.GetString(RootLogEntry.Write(Entry)));

    [Fact]
    public void An_entry_is_one_line_and_is_read_back()
    {
        var line = RootLogEntry.Write(Entry);

        Assert.Equal(line.Length - 1, Array.IndexOf(line, (byte)'\n'));
        Assert.Equal(line, RootLogEntry.Write(RootLogEntry.Read(line)));
    }

    [Fact]
    public void A_revocation_is_read_back_and_another_format_is_refused()
    {
        var revocation = new RootRevocation(1, "shop", GrantId.Parse("g-8f3a91b2c4d5e6f7"), "done");

        Assert.Equal(revocation, RootRevocation.Read(RootRevocation.Write(revocation)));
        Assert.Throws<JsonException>(() => RootRevocation.Read(RootRevocation.Write(revocation with { FleetRootRevocation = 2 })));
        Assert.Throws<JsonException>(() => RootRevocation.Read(RootRevocation.Write(revocation with { Reason = new string('x', RootRevocation.Longest) })));
    }
}
