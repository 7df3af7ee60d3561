using Fleet.Grants;

namespace Fleet.Tests.Grants;

public class AllowedSignersTests
{
    private const string A = "AAAAC3NzaC1lZDI1NTE5AAAAIA==", B = "AAAAC3NzaC1lZDI1NTE5AAAAIB==";

    [Fact]
    public void People_and_their_keys_are_read_with_options_comments_and_blank_lines()
    {
        var read = AllowedSigners.Read($"# people\n\nalice ssh-ed25519 {A} alice's\nbob namespaces=\"fleet-grant,fleet-r*\",valid-before=\"20300101\" ecdsa-sha2-nistp256 BBBB\r\n");

        Assert.Empty(read.Mistakes);
        Assert.Equal(["3 alice", "4 bob"], read.Signers.Select(s => $"{s.Line} {s.Principal}"));
        Assert.Equal(["alice", "bob"], read.Of("fleet-review").Order(StringComparer.Ordinal));
        Assert.Equal(["alice"], read.Of("git"));
    }

    [Fact]
    public void A_token_s_key_is_a_key()
    {
        var read = AllowedSigners.Read($"alice sk-ssh-ed25519@openssh.com {A}\nbob namespaces=\"fleet-grant\" sk-ecdsa-sha2-nistp256@openssh.com BBBB bob's\n");

        Assert.Empty(read.Mistakes);
        Assert.Equal(["alice", "bob"], read.Of("fleet-grant").Order(StringComparer.Ordinal));
        Assert.Equal(["alice"], read.Of("fleet-request"));
    }

    [Fact]
    public void One_person_may_have_two_keys_and_one_key_twice() =>
        Assert.Empty(AllowedSigners.Read($"bob ssh-ed25519 {A}\nbob ssh-rsa BBBB\nbob namespaces=\"git\" ssh-ed25519 {A}\n").Mistakes);

    [Theory]
    [InlineData($"bob ssh-ed25519 {A}\ncarol ssh-ed25519 {A}", "line 1 and 2", "one key under two names, bob and carol")]
    [InlineData($"bob ssh-ed25519 {A}\ncarol namespaces=\"x y\" ssh-ed25519 {B}", "line 1 and 2", "one key under two names, bob and carol")]
    [InlineData($"bob,carol ssh-ed25519 {A}", "line 1", "one key under two names, bob,carol")]
    [InlineData($"* ssh-ed25519 {A}", "line 1", "pattern")]
    [InlineData($"*@example.com ssh-ed25519 {A}", "line 1", "pattern")]
    [InlineData($"bob cert-authority ssh-ed25519 {A}", "line 1", "certificate authority")]
    [InlineData($"bob namespaces=\"fleet-grant\",CERT-AUTHORITY ssh-ed25519 {A}", "line 1", "certificate authority")]
    [InlineData("\nbob ssh-ed25519", "line 2", "PRINCIPAL")]
    [InlineData("bob", "line 1", "PRINCIPAL")]
    [InlineData($"ssh-ed25519 {A}", "line 1", "PRINCIPAL")]
    [InlineData("bob ssh-ed25519 A", "line 1", "PRINCIPAL")]
    public void What_lets_one_person_be_two_or_is_no_line_is_told_with_its_place(string text, string line, string words)
    {
        var mistake = Assert.Single(AllowedSigners.Read(text).Mistakes);
        Assert.Equal(line, mistake.Path);
        Assert.Contains(words, mistake.Message, StringComparison.Ordinal);
    }
}
