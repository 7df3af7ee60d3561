using Fleet.Hosts;
using Fleet.Jobs;

namespace Fleet.Tests.Hosts;

public class SliceSearchTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private SliceSearch search = SliceSearch.None;
    private DateTimeOffset now = Start;

    [Fact]
    public void Nobody_waits_and_nothing_is_looked_through()
    {
        Assert.False(Looks("", "a b"));
        Assert.Empty(search.Searched);
    }

    [Fact]
    public void While_it_goes_on_no_other_begins_and_the_jobs_that_it_began_with_have_to_wait()
    {
        Assert.True(Looks("c", "a"));
        Assert.False(Looks("c d", "a b"));
        Assert.Equal("a", Assert.Single(search.Searched).Name);
        End();
        Assert.Empty(search.Searched);
    }

    [Theory]
    [InlineData(0, 10)]
    [InlineData(1, 10)]
    [InlineData(4, 36)]
    [InlineData(600, 300)]
    public void The_same_jobs_are_looked_through_again_after_nine_times_what_it_took(int took, int pause)
    {
        Assert.True(Looks("c", "a"));
        End(took);
        now += TimeSpan.FromSeconds(pause - 1);
        Assert.False(Looks("c", "a"));
        now += TimeSpan.FromSeconds(1);
        Assert.True(Looks("c", "a"));
    }

    [Fact]
    public void A_clock_that_is_set_back_does_not_make_the_pause_longer()
    {
        Assert.True(Looks("c", "a"));
        End();
        now -= TimeSpan.FromHours(1);
        Assert.True(Looks("c", "a"));
    }

    [Theory]
    [InlineData("c d", "a b")]
    [InlineData("c", "a b x")]
    public void For_one_that_newly_waits_or_rests_it_begins_at_once(string waiting, string resting)
    {
        Assert.True(Looks("c", "a b"));
        End(60);
        Assert.True(Looks(waiting, resting));
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("d", "a b")]
    [InlineData("c d", "b")]
    public void One_that_ceased_to_wait_or_to_rest_is_new_when_it_does_so_again(string waiting, string resting)
    {
        Assert.True(Looks("c d", "a b"));
        End(60);
        Assert.False(Looks(waiting, resting));
        Assert.True(Looks("c d", "a b"));
    }

    private bool Looks(string waiting, string resting)
    {
        (search, var begins) = search.Look(now, Jobs(waiting), Jobs(resting));
        return begins;
    }

    private void End(int took = 0)
    {
        now += TimeSpan.FromSeconds(took);
        search = search.End(now);
    }

    private static IEnumerable<JobId> Jobs(string names) => names.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(JobId.Parse);
}
