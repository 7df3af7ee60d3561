using Fleet.Grants;

namespace Fleet.Tests.Grants;

public class AllowedSignersTests
{
    [Fact]
    public void People_and_their_keys_are_read_with_options_comments_and_blank_lines()
    {
        var read = AllowedSigners.Read("# people\n\nalice ssh-ed25519 AAAA alice's\nbob,bob@x namespaces=\"fleet-grant, fleet-review\",valid-before=\"20300101\" ecdsa-sha2-nistp256 BBBB\r\n");

        Assert.Empty(read.Mistakes);
        Assert.Equal(
            ["3 alice ssh-ed25519 AAAA", "4 bob,bob@x ecdsa-sha2-nistp256 BBBB"],
            read.Signers.Select(s => $"{s.Line} {string.Join(',', s.Principals)} {s.Key}"));
    }

    [Fact]
    public void One_person_may_have_two_keys_and_one_key_twice() =>
        Assert.Empty(AllowedSigners.Read("bob ssh-ed25519 AAAA\nbob ssh-rsa BBBB\nbob namespaces=\"git\" ssh-ed25519 AAAA\n").Mistakes);

    [Theory]
    [InlineData("bob ssh-ed25519 AAAA\ncarol ssh-ed25519 AAAA", "line 2", "one key under two names")]
    [InlineData("bob ssh-ed25519 AAAA\nbob,carol namespaces=\"x y\" ssh-ed25519 AAAA", "line 2", "one key under two names")]
    [InlineData("* ssh-ed25519 AAAA", "line 1", "pattern")]
    [InlineData("*@example.com ssh-ed25519 AAAA", "line 1", "pattern")]
    [InlineData("bob cert-authority ssh-ed25519 AAAA", "line 1", "cert-authority")]
    [InlineData("bob namespaces=\"fleet-grant\",CERT-AUTHORITY ssh-ed25519 AAAA", "line 1", "cert-authority")]
    [InlineData("\nbob ssh-ed25519", "line 2", "principals")]
    [InlineData("bob", "line 1", "principals")]
    [InlineData("ssh-ed25519 AAAA", "line 1", "principals")]
    public void What_lets_one_person_be_two_or_is_no_line_is_told_with_its_place(string text, string line, string word)
    {
        var mistake = Assert.Single(AllowedSigners.Read(text).Mistakes);
        Assert.Equal(line, mistake.Path);
        Assert.Contains(word, mistake.Message, StringComparison.Ordinal);
    }
}
