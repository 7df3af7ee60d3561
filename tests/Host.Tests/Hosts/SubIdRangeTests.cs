using Fleet.Host.Hosts;

namespace Fleet.Host.Tests.Hosts;

public sealed class SubIdRangeTests
{
    private const long Slice = SubIdRange.Slice;

    [Fact]
    public void The_first_range_begins_at_a_whole_slice() =>
        Assert.Equal(new SubIdRange("fleet", 2 * Slice, 4 * Slice), SubIdRange.Free("fleet", 4 * Slice, 100_000, 600_100_000, []));

    [Fact]
    public void A_gap_that_is_large_enough_is_used() =>
        Assert.Equal(4 * Slice, Free(2, new("a", 0, 4 * Slice), new("b", 6 * Slice, Slice)));

    [Fact]
    public void A_gap_that_is_too_small_is_not() =>
        Assert.Equal(7 * Slice, Free(3, new("a", 0, 4 * Slice), new("b", 6 * Slice, Slice)));

    [Fact]
    public void Ranges_that_overlap_or_are_out_of_order_are_all_kept_clear() =>
        Assert.Equal(9 * Slice, Free(1, new("c", 8 * Slice, 10), new("a", 0, 8 * Slice), new("b", Slice, Slice)));

    [Fact]
    public void A_single_user_inside_moves_the_range() =>
        Assert.Equal(3 * Slice, Free(1, new SubIdRange("", 2 * Slice + 5, 1)));

    [Fact]
    public void Without_room_there_is_none() => Assert.Null(SubIdRange.Free("fleet", Slice, 0, Slice - 2, []));

    [Fact]
    public void Broken_lines_are_not_ranges() =>
        Assert.Equal(new SubIdRange("a", 1, 2), Assert.Single(SubIdRange.Parse(["a:1:2", "", "# no", "b:x:1", "c:1"])));

    private static long? Free(int slices, params SubIdRange[] taken) => SubIdRange.Free("fleet", slices * Slice, 100_000, 600_100_000, taken)?.Start;
}
