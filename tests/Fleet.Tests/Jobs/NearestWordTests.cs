namespace Fleet.Tests.Jobs;

public class NearestWordTests
{
    [Theory]
    [InlineData("memroy", "memory")]
    [InlineData("MEMORY", "memory")]
    [InlineData("open_file", "open_files")]
    [InlineData("executabel", "executable")]
    [InlineData("x", null)]
    [InlineData("", null)]
    [InlineData("colour", null)]
    public void A_slip_of_the_hand_has_a_nearest_word(string word, string? nearest) =>
        Assert.Equal(nearest, NearestWord.Of(word, ["memory", "open_files", "executable"]));

    [Fact]
    public void A_word_of_a_megabyte_is_not_compared() => Assert.Null(NearestWord.Of(new string('m', 1_000_000), ["memory"]));
}
