using System.Buffers.Binary;
using System.Text;
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
    public void Cut_off_it_is_none_and_with_a_changed_byte_no_more_than_it_was(string content)
    {
        var (bytes, key) = (Convert.FromBase64String(content), SshSignature.Read(Armored(content))!.Key);
        Assert.All(Enumerable.Range(0, bytes.Length - 5), length => Assert.Null(SshSignature.Read(Armored(Convert.ToBase64String(bytes.AsSpan(0, length))))));
        foreach (var (at, value) in Enumerable.Range(0, bytes.Length).SelectMany(at => Enumerable.Range(0, 18).Select(step => (at, (byte)(15 * step)))))
        {
            var changed = (byte[])bytes.Clone();
            changed[at] = value;
            var armored = Armored(Convert.ToBase64String(changed));
            Assert.True(SshSignature.Objection(armored, key) is not null || SshSignature.Read(armored)!.IsTouched == (content == Ed25519 ? null : true));
        }
    }

    // ssh-keygen takes these for the kind of key that they are short for, in any case.
    [Theory]
    [InlineData("ed25519-sk")]
    [InlineData("ED25519-SK")]
    [InlineData("ssh-ed25519")]
    public void By_another_name_of_its_kind_a_token_s_key_is_not_taken_for_one_of_no_token(string kind)
    {
        var armored = Armored(Convert.ToBase64String(Renamed(Convert.FromBase64String(NotTouched), kind)));

        Assert.Null(SshSignature.Read(armored)!.IsTouched);
        Assert.NotNull(SshSignature.Objection(armored, SshSignature.Read(Armored(NotTouched))!.Key));
    }

    // After the preamble of ten bytes comes the length of the key, and in that its kind with a length of its own.
    private static byte[] Renamed(byte[] bytes, string kind)
    {
        var key = bytes.AsSpan(14, BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(10)));
        byte[] renamed = [0, 0, 0, (byte)kind.Length, .. Encoding.ASCII.GetBytes(kind), .. key[(4 + BinaryPrimitives.ReadInt32BigEndian(key))..]];
        return [.. bytes.AsSpan(0, 10), 0, 0, 0, (byte)renamed.Length, .. renamed, .. bytes.AsSpan(14 + key.Length)];
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
