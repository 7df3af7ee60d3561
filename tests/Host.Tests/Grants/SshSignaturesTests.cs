using Fleet.Client.Api;
using Fleet.Client.Grants;
using Fleet.Client.Linux;
using Fleet.Grants;
using Fleet.Host.Grants;

namespace Fleet.Host.Tests.Grants;

public sealed class SshSignaturesTests : IDisposable
{
    private const string Text = "what is signed\n";

    private readonly string folder = Directory.CreateTempSubdirectory("fleet-signatures-").FullName;
    private readonly People people;
    private readonly SshSignatures signatures;

    public SshSignaturesTests()
    {
        people = new People(folder);
        signatures = new SshSignatures(new RootFolder(people.Folder), $"{folder}/scratch");
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [SkippableTheory]
    [InlineData("ed25519")]
    [InlineData("ecdsa")]
    [InlineData("rsa")]
    [InlineData("ed25519-sk")]
    [InlineData("ecdsa-sk")]
    public async Task A_signature_of_somebody_whom_root_knows_gives_their_name_and_key(string type)
    {
        if (type.EndsWith("-sk", StringComparison.Ordinal))
        {
            People.NeedToken();
        }

        var key = await people.Join("alice@example.com", type);
        var armored = await People.Sign(key, SignatureNamespaces.Grant, Text);
        var signature = await signatures.Verify(Text, armored, SignatureNamespaces.Grant);
        var fingerprint = (await People.Must(new Command(SshKeygen.Program, "-lf", key))).Output.Split(' ')[1];
        Assert.Equal(("alice@example.com", fingerprint, armored), (signature.Principal, signature.Key, signature.Armored));
        Assert.Equal(fingerprint, SshSignature.Read(armored)!.Key);
        Assert.Empty(Directory.GetFileSystemEntries($"{folder}/scratch"));
    }

    [SkippableFact]
    public async Task A_key_whose_private_half_is_only_in_an_agent_signs_by_its_public_half()
    {
        Skip.IfNot(File.Exists("/usr/bin/ssh-agent"), "/usr/bin/ssh-agent is missing: install openssh-client");
        var key = await people.Join("alice");
        var env = new Dictionary<string, string> { ["SSH_AUTH_SOCK"] = $"{folder}/agent.sock" };
        using var agent = new Command("/usr/bin/ssh-agent", "-D", "-a", env["SSH_AUTH_SOCK"]).Begin();
        try
        {
            await Whole.WholeHost.Until("the ssh-agent listens", () => Task.FromResult(File.Exists(env["SSH_AUTH_SOCK"])));
            await People.Must(new Command("/usr/bin/ssh-add", "-q", key) { Env = env });
            File.Delete(key);
            var armored = await People.Sign($"{key}.pub", SignatureNamespaces.Grant, Text, env);
            Assert.Equal("alice", (await signatures.Verify(Text, armored, SignatureNamespaces.Grant)).Principal);
        }
        finally
        {
            agent.Kill();
            await agent.WaitForExitAsync();
        }
    }

    [Fact]
    public async Task Of_several_names_of_one_key_one_for_which_it_holds_is_taken()
    {
        var key = await people.Join("*@example.com,alice@example.com,alice");
        Assert.Equal("alice@example.com", (await Verify(key)).Principal);
    }

    [Fact]
    public async Task White_space_around_a_signature_is_nothing()
    {
        var key = await people.Join("alice");
        var armored = await People.Sign(key, SignatureNamespaces.Grant, Text);
        Assert.Equal(armored, (await signatures.Verify(Text, $"\n\n {armored} \n", SignatureNamespaces.Grant)).Armored);
    }

    [Fact]
    public async Task A_signature_for_another_purpose_is_refused_with_the_one_that_it_has()
    {
        var armored = await People.Sign(await people.Join("alice"), SignatureNamespaces.Request, Text);
        await Refused(armored, ErrorCodes.Denied, "the signature is for 'fleet-request', and this wants one for 'fleet-grant'");
    }

    [Fact]
    public async Task A_key_that_root_does_not_know_is_refused_by_its_fingerprint()
    {
        await people.Join("alice");
        var armored = await People.Sign(await people.Key(), SignatureNamespaces.Grant, Text);
        await Refused(armored, ErrorCodes.Denied, $"key {SshSignature.Read(armored)!.Key} is nobody's in {people.Signers}");
    }

    [Theory]
    [InlineData("valid-before=\"20200101\"", "has expired")]
    [InlineData("valid-after=\"29990101\"", "not yet valid")]
    [InlineData("namespaces=\"fleet-request\"", "is not permitted for use in signature namespace \"fleet-grant\"")]
    public async Task What_root_s_line_restricts_is_said(string options, string says)
    {
        var armored = await People.Sign(await people.Join("alice", options: options), SignatureNamespaces.Grant, Text);
        await Refused(armored, ErrorCodes.Denied, says);
    }

    [Fact]
    public async Task A_line_that_names_nobody_but_a_pattern_lets_nobody_sign()
    {
        var armored = await People.Sign(await people.Join("*@example.com"), SignatureNamespaces.Grant, Text);
        await Refused(armored, ErrorCodes.Denied, "its line names nobody, but a pattern");
    }

    [Fact]
    public async Task A_signature_over_other_bytes_is_refused()
    {
        var armored = await People.Sign(await people.Join("alice"), SignatureNamespaces.Grant, Text + " ");
        await Refused(armored, ErrorCodes.Denied, "it is not over the grant's exact bytes");
    }

    [Fact]
    public async Task Where_root_knows_nobody_nobody_signs()
    {
        var armored = await People.Sign(await people.Key(), SignatureNamespaces.Grant, Text);
        await Refused(armored, ErrorCodes.Denied, $"there is no {people.Signers}, so nobody is granted anything here: root sets up both files once, as docs/root.md says");
    }

    [Theory]
    [InlineData("")]
    [InlineData("yes")]
    [InlineData("-----BEGIN SSH SIGNATURE----------END SSH SIGNATURE-----")]
    [InlineData("-----BEGIN SSH SIGNATURE-----")]
    [InlineData("-----BEGIN SSH SIGNATURE-----\nnot base64 \u00e9\n-----END SSH SIGNATURE-----")]
    [InlineData("-----BEGIN SSH SIGNATURE-----\nU1NIU0lHAAAAAX////8=\n-----END SSH SIGNATURE-----")]
    [InlineData("-----BEGIN PGP SIGNATURE-----\n\n-----END PGP SIGNATURE-----")]
    public Task What_is_no_signature_is_said_to_be_none(string armored) => Refused(armored, ErrorCodes.Invalid, "that is no SSH signature");

    [Fact]
    public Task A_huge_signature_is_not_looked_at() => Refused(new string('x', 16385), ErrorCodes.Invalid, "at most 16384 characters, not 16385");

    private async Task<GrantSignature> Verify(string key) => await signatures.Verify(Text, await People.Sign(key, SignatureNamespaces.Grant, Text), SignatureNamespaces.Grant);

    private async Task Refused(string armored, string code, string says)
    {
        var error = (await Assert.ThrowsAsync<RefusedException>(() => signatures.Verify(Text, armored, SignatureNamespaces.Grant))).Error;
        Assert.Equal(code, error.Code);
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
    }
}
