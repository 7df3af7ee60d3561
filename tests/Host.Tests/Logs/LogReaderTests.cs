using Fleet.Host.Logs;

namespace Fleet.Host.Tests.Logs;

public sealed class LogReaderTests
{
    [Theory]
    [InlineData("", 5, "")]
    [InlineData("one", 5, "one")]
    [InlineData("one\n", 1, "one")]
    [InlineData("one\ntwo\nthree\n", 2, "two,three")]
    [InlineData("one\ntwo\nthree", 2, "two,three")]
    [InlineData("one\n\n\n", 2, ",")]
    [InlineData("one\ntwo\n", 0, "")]
    public void The_tail_is_the_last_lines(string content, int lines, string expected)
    {
        using var folder = LogTestFolder.OnDisk();
        File.WriteAllText(folder.Log, content);
        Assert.Equal(expected, string.Join(',', LogReader.Tail(folder.Log, lines)));
    }

    [Fact]
    public void A_log_that_is_not_there_has_no_tail()
    {
        using var folder = LogTestFolder.OnDisk();
        Assert.Empty(LogReader.Tail(folder.Log, 10));
        Assert.Empty(LogReader.Tail("/no/such/folder/log", 10));
    }

    [Fact]
    public void The_tail_goes_back_through_rotated_files()
    {
        using var folder = LogTestFolder.OnDisk();
        File.WriteAllLines(folder.Log, Enumerable.Range(1, 100_000).Select(n => $"line {n}"));
        folder.Rotator().Scan();
        Assert.Equal(1, folder.RotatedCount);
        Assert.Equal(Enumerable.Range(50_001, 50_000).Select(n => $"line {n}"), LogReader.Tail(folder.Log, 50_000));
    }

    [Fact]
    public void A_piece_of_a_long_line_ends_at_a_whole_character()
    {
        using var folder = LogTestFolder.OnDisk();
        File.WriteAllText(folder.Log, "x" + new string('é', 100_000));
        var pieces = LogReader.Tail(folder.Log, 100);
        Assert.DoesNotContain('\uFFFD', string.Concat(pieces));
        Assert.Equal(100_001, string.Concat(pieces).Length);
    }

    [Fact]
    public async Task Following_across_rotations_misses_and_repeats_no_line()
    {
        using var folder = LogTestFolder.OnDisk();
        using var done = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        var rotating = Task.Run(() => folder.Rotator(LogTestFolder.Small with { Scan = TimeSpan.FromMilliseconds(5), MaxBytes = 512 * 1024 }).Run(done.Token));
        var writing = folder.WriteSequenceInBursts(60);
        var expected = 1;
        await foreach (var line in LogReader.Follow(folder.Log, done.Token, int.MaxValue))
        {
            Assert.Equal(expected, int.Parse(line));
            if (expected++ == 600_000)
            {
                break;
            }
        }

        Assert.True((await writing).Succeeded);
        Assert.True(folder.RotatedCount > 1);
        await done.CancelAsync();
        await rotating;
    }

    [Fact]
    public async Task Following_begins_with_the_last_lines_and_waits_for_a_line_to_be_whole()
    {
        using var folder = LogTestFolder.OnDisk();
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        File.WriteAllText(folder.Log, "one\ntwo\nthr");
        await using var lines = LogReader.Follow(folder.Log, limit.Token, 2).GetAsyncEnumerator();
        Assert.True(await lines.MoveNextAsync());
        Assert.Equal("two", lines.Current);
        var next = lines.MoveNextAsync();
        File.AppendAllText(folder.Log, "ee\n");
        Assert.True(await next);
        Assert.Equal("three", lines.Current);
    }

    [Fact]
    public async Task Following_waits_for_a_log_and_goes_on_when_it_is_emptied_or_replaced()
    {
        using var folder = LogTestFolder.OnDisk();
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        await using var lines = LogReader.Follow(folder.Log, limit.Token).GetAsyncEnumerator();
        async Task<string> Next(Action write)
        {
            var next = lines.MoveNextAsync();
            write();
            Assert.True(await next);
            return lines.Current;
        }

        Assert.Equal("first line", await Next(() => File.WriteAllText(folder.Log, "first line\n")));
        Assert.Equal("short", await Next(() => File.WriteAllText(folder.Log, "short\n")));
        Assert.Equal("new", await Next(() =>
        {
            File.WriteAllText($"{folder.Path}/other", "new\n");
            File.Move($"{folder.Path}/other", folder.Log, overwrite: true);
        }));
    }
}
