using Fleet.Client.Linux;
using static Fleet.Host.Tests.Cli.FleetProgram;

namespace Fleet.Host.Tests.Cli;

/// <summary>Words that nobody means, and that scripts and hands yet type: each is a mistake of the command line, and none ends the program with its stack.</summary>
public sealed class OddWordsTests
{
    // The kernel takes no longer word: 32 pages, with its end (MAX_ARG_STRLEN).
    private static readonly string Longest = new('a', (32 * 4096) - 1);

    [Theory]
    [InlineData("[suggest:99999999999]", "not '99999999999'")]
    [InlineData("[suggest:2147483648]", "from 0 to 2147483647, not '2147483648'")]
    [InlineData("[suggest:-1]", "not '-1'")]
    [InlineData("[suggest:abc]", "not 'abc'")]
    [InlineData("[suggest:0x10]", "not '0x10'")]
    [InlineData("[suggest:6:7]", "not '6:7'")]
    [InlineData("[suggest: 6]", "not ' 6'")]
    [InlineData("[suggest:6] [suggest:7]", "not '6' and '7'")]
    [InlineData("[suggest:a\u001b[2J]", "not 'a\\u001b[2J'")]
    public Task A_place_for_a_suggestion_that_is_none_is_a_mistake(string words, string says) => Mistaken(says, [.. words.Split("] ").Select(w => w.TrimEnd(']') + "]"), "fleet job "]);

    // System.CommandLine has two more directives; [env:X=Y] would set what the program goes by.
    [Theory]
    [InlineData("[diagram]")]
    [InlineData("[env:FLEET_ADDRESS=unix:/x]")]
    [InlineData("[env]")]
    [InlineData("[parse]")]
    [InlineData("[nonsense:1]")]
    [InlineData("[suggest:6")]
    [InlineData("[]")]
    [InlineData("[:]")]
    [InlineData("[")]
    [InlineData("]")]
    public Task Other_words_in_brackets_mean_nothing(string word) => Mistaken($"unrecognized command or argument '{word}'", word, "job", "list");

    [Fact]
    public Task A_directive_is_one_at_the_very_beginning_alone() => Mistaken("unrecognized command or argument '[suggest:3]'", "job", "list", "[suggest:3]");

    [Theory]
    [InlineData("")]
    [InlineData("job|")]
    [InlineData("job|status|")]
    [InlineData("job|run|")]
    [InlineData("job|list|--address|")]
    [InlineData("doctor|--config|")]
    [InlineData("agent|--config|")]
    [InlineData("root|show|")]
    [InlineData("root|approve||--key|")]
    [InlineData("root|approve|g-0123456789abcdef|--key|")]
    [InlineData("root|approve|g-0123456789abcdef|--signature|")]
    [InlineData("completion|")]
    [InlineData("audit|log|--since|")]
    [InlineData("|job|list")]
    public Task A_word_without_letters_is_a_mistake(string words) => Mistaken("", words.Split('|'));

    [Theory]
    [InlineData("{0}")]
    [InlineData("job {0}")]
    [InlineData("job list --{0}")]
    [InlineData("job status {0}")]
    [InlineData("job run {0}")]
    [InlineData("job list --address unix:/{0}")]
    [InlineData("root show {0}")]
    [InlineData("audit log --since {0}")]
    [InlineData("[suggest:{0}] fleet")]
    [InlineData("[{0}] version")]
    public Task The_longest_word_that_the_kernel_takes_is_a_mistake(string words) =>
        Mistaken("", [.. words.Split(' ').Select(w => string.Format(System.Globalization.CultureInfo.InvariantCulture, w, Longest[(w.Length - "{0}".Length)..]))]);

    [Theory]
    [InlineData("[suggest:2147483647]", "fleet job sta")]
    [InlineData("[suggest]", "fleet job sta")]
    [InlineData("[suggest:6]", "[suggest:99999999999] ")]
    [InlineData("[suggest:3]", "")]
    [InlineData("[suggest:3]", "\"")]
    public async Task A_suggestion_for_an_odd_line_is_whatever_there_is(string directive, string line)
    {
        var suggested = await Run(null, directive, line);
        Assert.Equal((0, ""), (suggested.ExitCode, suggested.Error));
    }

    private static async Task Mistaken(string says, params string[] words)
    {
        var ran = await Run(null, words);
        Assert.Equal((2, ""), (ran.ExitCode, ran.Output));
        Assert.StartsWith("fleet: ", ran.Error, StringComparison.Ordinal);
        Assert.Contains(says, ran.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", ran.Error, StringComparison.Ordinal);
    }
}
