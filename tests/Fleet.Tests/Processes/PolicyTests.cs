using CsCheck;
using Fleet.Processes;

namespace Fleet.Tests.Processes;

public class PolicyTests
{
    private static readonly HealthCheck Check = new() { Probe = new HealthProbe.Tcp(80), Failures = 3, Grace = TimeSpan.FromSeconds(10) };

    [Fact]
    public void The_delay_doubles_up_to_the_longest()
    {
        var policy = new RestartPolicy { Initial = TimeSpan.FromSeconds(1), Max = TimeSpan.FromSeconds(10) };
        Assert.Equal([1, 2, 4, 8, 10, 10], Enumerable.Range(1, 6).Select(n => policy.Delay(n, 0).TotalSeconds));
    }

    [Fact]
    public void Chance_takes_off_at_most_a_quarter_and_never_adds() =>
        Gen.Select(Gen.Int[1, int.MaxValue], Gen.Double[0, 0.999999]).Sample((attempt, chance) =>
        {
            var policy = new RestartPolicy();
            var whole = policy.Delay(attempt, 0);
            var delay = policy.Delay(attempt, chance);
            return delay <= whole && delay >= whole * 0.75 && whole <= policy.Max;
        });

    [Theory]
    [InlineData("TERM/20s/QUIT/5s/KILL", "TERM/20s/QUIT/5s/KILL")]
    [InlineData("TERM/20s/QUIT/5s", "TERM/20s/QUIT/5s/KILL")]
    [InlineData("INT", "INT/15s/KILL")]
    [InlineData("KILL", "KILL")]
    [InlineData("term/1500ms/kill", "TERM/1500ms/KILL")]
    public void A_ladder_is_read_and_always_ends_with_KILL(string text, string whole) => Assert.Equal(whole, StopLadder.Parse(text).ToString());

    [Theory]
    [InlineData("")]
    [InlineData("TERM/")]
    [InlineData("TERM/20")]
    [InlineData("TERM/-1s")]
    [InlineData("TERM/25h/KILL")]
    [InlineData("STOP/1s/KILL")]
    [InlineData("KILL/5s/TERM")]
    [InlineData("9")]
    [InlineData("TERM/NaNs/KILL")]
    public void A_ladder_that_is_none_is_refused(string text) => Assert.False(StopLadder.TryParse(text, out _));

    [Fact]
    public void A_ladder_without_text_is_KILL_alone() => Assert.Equal("KILL", default(StopLadder).ToString());

    [Theory]
    [InlineData("20s", 20)]
    [InlineData("1.5h", 5400)]
    [InlineData("250ms", 0.25)]
    [InlineData("2m", 120)]
    [InlineData("1d", 86400)]
    public void Durations_are_read(string text, double seconds)
    {
        Assert.True(Duration.TryParse(text, out var duration));
        Assert.Equal(seconds, duration.TotalSeconds);
    }

    [Theory]
    [InlineData("20")]
    [InlineData("s")]
    [InlineData("-1s")]
    [InlineData("1e3s")]
    [InlineData("∞s")]
    [InlineData("99999999999999999999d")]
    [InlineData(null)]
    public void What_is_no_duration_is_refused(string? text) => Assert.False(Duration.TryParse(text, out _));

    [Fact]
    public void A_duration_printed_is_read_back_the_same() => Gen.Long[0, 1L << 40].Sample(ms =>
        Duration.TryParse(Duration.Format(TimeSpan.FromMilliseconds(ms)), out var back) && Math.Abs(back.TotalMilliseconds - ms) < 1);

    [Fact]
    public void Failures_in_the_grace_time_do_not_count_until_it_was_healthy_once()
    {
        var (count, verdict) = default(HealthCount).After(false, TimeSpan.FromSeconds(9), Check);
        Assert.Equal((default, null), (count, verdict));
        (count, verdict) = count.After(true, TimeSpan.FromSeconds(1), Check);
        Assert.Equal(Health.Healthy, verdict);
        Assert.Equal(1, count.After(false, TimeSpan.FromSeconds(2), Check).Count.Failed);
    }

    [Fact]
    public void Only_the_configured_number_of_failures_in_a_row_is_unhealthy()
    {
        var count = default(HealthCount);
        var verdicts = new List<Health?>();
        foreach (var success in new[] { false, false, true, false, false, false })
        {
            (count, var verdict) = count.After(success, TimeSpan.FromMinutes(1), Check);
            verdicts.Add(verdict);
        }

        Assert.Equal([null, null, Health.Healthy, null, null, Health.Unhealthy], verdicts);
    }
}
