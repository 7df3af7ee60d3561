using System.Security.Cryptography;
using System.Text;
using CsCheck;

namespace Fleet.Tests;

/// <summary>The hash of our own against the examples of those who made it, and against the machine's for all else.</summary>
public sealed class Sha256Tests
{
    // FIPS 180-4's examples (NIST, "Examples with Intermediate Values": one block, two blocks) and those of its predecessor FIPS 180-2, B.3, and of CAVP (empty).
    [Theory]
    [InlineData("", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    [InlineData("abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")]
    [InlineData("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")]
    [InlineData("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu", 1,
        "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1")]
    [InlineData("a", 1_000_000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")]
    public void It_is_the_one_of_the_standard(string text, int times, string expected)
    {
        var hash = new Sha256();
        for (var i = 0; i < times; i++)
        {
            hash.Append(Encoding.ASCII.GetBytes(text));
        }

        Assert.Equal(expected, Convert.ToHexStringLower(hash.End()));
    }

    [Fact]
    public void Of_every_length_around_its_blocks_it_is_the_machine_s()
    {
        var bytes = Enumerable.Range(0, 260).Select(i => (byte)(i * 7)).ToArray();
        for (var length = 0; length <= bytes.Length; length++)
        {
            var hash = new Sha256();
            hash.Append(bytes.AsSpan(0, length));

            Assert.Equal(SHA256.HashData(bytes.AsSpan(0, length)), hash.End());
        }
    }

    [Fact]
    public void In_whatever_pieces_content_comes_it_is_the_machine_s() =>
        Gen.Select(Gen.Byte.Array[0, 5000], Gen.Int[0, 300].Array[0, 40]).Sample((content, pieces) =>
        {
            var (hash, at) = (new Sha256(), 0);
            foreach (var piece in pieces)
            {
                var length = Math.Min(piece, content.Length - at);
                hash.Append(content.AsSpan(at, length));
                at += length;
            }

            hash.Append(content.AsSpan(at));
            Assert.Equal(SHA256.HashData(content), hash.End());
        });

    [Fact]
    public void A_digest_is_the_same_by_either()
    {
        var hash = new Sha256();
        hash.Append("what is signed"u8);

        Assert.Equal(Digest.Of("what is signed"u8), Digest.Of(hash));
    }
}
