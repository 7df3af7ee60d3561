using System.Collections.Immutable;
using Fleet.RootTasks;
using static Fleet.Tests.Grants.GrantSample;

namespace Fleet.Tests.RootTasks;

public class DenialTextTests
{
    private static readonly RootPolicy Policy = new(
        1, "shop", "web-2", ImmutableSortedDictionary.CreateRange(StringComparer.Ordinal, [KeyValuePair.Create("tier", "web")]), 999, 2, false,
        [new Team("security", ["carol"])], 30, 60, null);

    [Theory]
    [InlineData(RootDenial.WrongHost, "the grant is for web-1, and this host is web-2 (tier=web)")]
    [InlineData(RootDenial.TooFewSigners, "2 people other than who asked must have signed the grant; the signatures that came are of 1")]
    [InlineData(RootDenial.TeamMissing, "of each of the teams security one must have signed")]
    [InlineData(RootDenial.TimeoutTooLong, "its timeout is longer than this host's policy allows (30 s)")]
    [InlineData(RootDenial.Over, "its window ended at 2026-11-26T13:00:00Z; ask for another")]
    public void A_denial_says_the_rule_and_the_value_that_broke_it(RootDenial denial, string text) => Assert.Equal(text, DenialText.Of(denial, Policy, ForTask, [By("bob")]));

    [Fact]
    public void Every_denial_of_the_verdict_has_words_of_its_own()
    {
        var own = Enum.GetValues<RootDenial>().Where(d => d >= RootDenial.WrongFleet);

        Assert.All(own, d => Assert.Contains(' ', DenialText.Of(d, Policy, ForTask, [])));
    }
}
