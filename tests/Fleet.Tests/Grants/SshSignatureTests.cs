using Fleet.Grants;

namespace Fleet.Tests.Grants;

/// <summary>What signatures say of themselves, by such as ssh-keygen 9.2 wrote: in the namespace <c>n</c>, over the text <c>x</c>.</summary>
public sealed class SshSignatureTests
{
    private const string Ed25519 = """
        U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgTwhDQoy9+zz7uoX6UthAEgrjg+
        z/POMunsQjUFpQZcIAAAABbgAAAAAAAAAGc2hhNTEyAAAAUwAAAAtzc2gtZWQyNTUxOQAA
        AEAo3og/NkEMCcNi8t2eN7pUsNxF37mJmBYUlT+KMUViS+2Dyj33O7uH4IKM0ux/9nT9JX
        XJ7W+hFVfbMXFUqzoI
        """;

    private const string Touched = """
        U1NIU0lHAAAAAQAAAEoAAAAac2stc3NoLWVkMjU1MTlAb3BlbnNzaC5jb20AAAAgKXaGAn
        KVJ5yJxm85yR5jX5+tZ9QxQ+PP0KhPsp6qiUUAAAAEc3NoOgAAAAFuAAAAAAAAAAZzaGE1
        MTIAAABnAAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAQIWXmVSS0y708MGNUC
        CUWKHTyQw1qNQ4rsb4KNC0OTMkM/6xM0ggzth5un3hUuvzdMnes7P/b+Lary7WvRmtjQ4B
        EjRWeA==
        """;

    private const string NotTouched = """
        U1NIU0lHAAAAAQAAAEoAAAAac2stc3NoLWVkMjU1MTlAb3BlbnNzaC5jb20AAAAgr87eF2
        xl19gQj5Y4qchfsa66nAG7DPLld1TnlYEsKK4AAAAEc3NoOgAAAAFuAAAAAAAAAAZzaGE1
        MTIAAABnAAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAQKVC8kXnPeiEg7coXI
        Mr6bK/UZuWUqI2ZaX4o69D2oDIP3zG5zcRgO6NmDUJrBS3GKj6z0hLAYnDR9jq2XYWJQ4A
        EjRWeA==
        """;

    [Theory]
    [InlineData(Ed25519, null)]
    [InlineData(Touched, true)]
    [InlineData(NotTouched, false)]
    public void It_says_what_it_is_for_and_of_a_token_s_key_whether_that_was_touched(string content, bool? isTouched)
    {
        var read = SshSignature.Read(Armored(content))!;

        Assert.Equal(("n", isTouched), (read.Namespace, read.IsTouched));
        Assert.StartsWith("SHA256:", read.Key, StringComparison.Ordinal);
    }

    [Fact]
    public void The_touch_is_one_bit_whatever_the_others_are()
    {
        var bytes = Convert.FromBase64String(Touched);
        foreach (var (flags, isTouched) in new[] { (0x05, true), (0xFF, true), (0x04, false), (0xFE, false) })
        {
            bytes[^5] = (byte)flags;
            Assert.Equal(isTouched, SshSignature.Read(Armored(Convert.ToBase64String(bytes)))!.IsTouched);
        }
    }

    [Theory]
    [InlineData(Ed25519)]
    [InlineData(Touched)]
    public void Cut_off_or_changed_anywhere_it_is_none_or_another_and_never_one_of_no_token(string content)
    {
        var bytes = Convert.FromBase64String(content);
        Assert.All(Enumerable.Range(0, bytes.Length - 5), length => Assert.Null(SshSignature.Read(Armored(Convert.ToBase64String(bytes.AsSpan(0, length))))));
        foreach (var at in Enumerable.Range(0, bytes.Length))
        {
            for (var value = 0; value < 256; value += 15)
            {
                var changed = (byte[])bytes.Clone();
                changed[at] = (byte)value;
                var read = SshSignature.Read(Armored(Convert.ToBase64String(changed)));
                Assert.True(read is null || read.Key != SshSignature.Read(Armored(content))!.Key || read.IsTouched is null == (content == Ed25519));
            }
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("-----BEGIN SSH SIGNATURE-----")]
    [InlineData("-----BEGIN SSH SIGNATURE----------END SSH SIGNATURE-----")]
    [InlineData("-----BEGIN SSH SIGNATURE-----\nno base64!\n-----END SSH SIGNATURE-----")]
    [InlineData("-----BEGIN PGP SIGNATURE-----\nU1NIU0lH\n-----END PGP SIGNATURE-----")]
    public void Other_texts_are_none(string text) => Assert.Null(SshSignature.Read(text));

    private static string Armored(string content) => $"-----BEGIN SSH SIGNATURE-----\n{content}\n-----END SSH SIGNATURE-----\n";
}
