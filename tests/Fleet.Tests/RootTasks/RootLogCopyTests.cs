using System.Collections.Immutable;
using Fleet.RootTasks;
using Fleet.Tests.Grants;

namespace Fleet.Tests.RootTasks;

/// <summary>The ledger's copy of a root log, line for line; what the log cannot have become is told.</summary>
public class RootLogCopyTests
{
    private static readonly ImmutableArray<byte[]> Log = Chain(RootAct.Starting, RootAct.Ended, RootAct.Denied, RootAct.Starting);

    [Fact]
    public void Every_line_is_taken_up_once_however_often_it_is_looked_at()
    {
        var (copy, first) = Read(RootLogCopy.Nothing, Log[..2]);
        var (again, second) = Read(copy, Log[1..]);

        Assert.Equal([1, 2], first.Cast<RootTaskEvent.Logged>().Select(e => e.Number));
        Assert.Equal([3, 4], second.Cast<RootTaskEvent.Logged>().Select(e => e.Number));
        Assert.Empty(Read(again, Log[3..]).Events);
        Assert.Equal(new RootLogCopy(4, Digest.Of(Log[3]), false), again);
    }

    [Fact]
    public void A_use_that_the_fleet_did_not_begin_is_marked() =>
        Assert.Equal([true, true, true, false], RootLogCopy.Nothing.Decide("web-1", All(Log), entry => entry.Number == 1).Cast<RootTaskEvent.Logged>().Select(e => e.Reported));

    public static TheoryData<string, string> Broken => new()
    {
        { "changed", "entry 2 is not the one that was there" },
        { "dropped", "it has no entry of that number any more: its end was dropped" },
        { "taken out", "entry 4 follows" },
        { "re-signed", "entry 3 does not follow from the one before" },
        { "no entry", "a line of it is no entry" },
    };

    [Theory]
    [MemberData(nameof(Broken))]
    public void A_log_that_does_not_go_on_from_what_was_read_is_told_once_and_taken_up_where_it_stands(string how, string why)
    {
        var (copy, _) = Read(RootLogCopy.Nothing, Log[..2]);
        ImmutableArray<byte[]> now = how switch
        {
            "changed" => [.. Chain(RootAct.Starting, RootAct.Lost, RootAct.Denied)[1..]],
            "dropped" => [],
            "taken out" => [Log[1], Log[3]],
            "re-signed" => [Log[1], Chain(RootAct.Denied, RootAct.Denied, RootAct.Denied)[2]],
            _ => [Log[1], "not an entry\n"u8.ToArray()],
        };

        var (broken, events) = Read(copy, now);

        Assert.Equal([new RootTaskEvent.LogBroken("web-1", 2, why)], events.ToArray());
        Assert.Equal(copy with { Broken = true }, broken);
        Assert.Equal([1, 2, 3], Read(broken, Chain(RootAct.Denied, RootAct.Denied, RootAct.Denied)).Events.Cast<RootTaskEvent.Logged>().Select(e => e.Number));
    }

    [Theory]
    [InlineData(RootAct.Starting, "starting use 1 of g-8f3a91b2c4d5e6f7, signed by alice and bob")]
    [InlineData(RootAct.Ended, "ended use 1 of g-8f3a91b2c4d5e6f7 with 3 (timeout)")]
    [InlineData(RootAct.Denied, "denied use 1 of g-8f3a91b2c4d5e6f7 (over): a word")]
    [InlineData(RootAct.Lost, "lost use 1 of g-8f3a91b2c4d5e6f7: a word")]
    [InlineData(RootAct.Revoked, "revoked use 1 of g-8f3a91b2c4d5e6f7 by alice and bob: a word")]
    [InlineData(RootAct.Omitted, "left out: a word")]
    public void A_line_is_told_in_words(RootAct what, string text)
    {
        var line = System.Text.Encoding.UTF8.GetString(RootLogEntry.Write(Entry(1, RootLogEntry.Nothing, what)));

        Assert.Equal(text, RootLogText.Of(line));
    }

    private static (RootLogCopy Copy, ImmutableArray<RootTaskEvent> Events) Read(RootLogCopy copy, ImmutableArray<byte[]> lines)
    {
        var events = copy.Decide("web-1", All(lines), _ => true);
        return (events.Aggregate(copy, (state, @event) => state.Evolve(@event)), events);
    }

    private static byte[] All(ImmutableArray<byte[]> lines) => [.. lines.SelectMany(line => line)];

    private static ImmutableArray<byte[]> Chain(params RootAct[] acts)
    {
        var (lines, previous) = (ImmutableArray.CreateBuilder<byte[]>(), RootLogEntry.Nothing);
        foreach (var act in acts)
        {
            lines.Add(RootLogEntry.Write(Entry(lines.Count + 1, previous, act)));
            previous = Digest.Of(lines[^1]);
        }

        return lines.ToImmutable();
    }

    private static RootLogEntry Entry(long number, Digest previous, RootAct what) => new(
        number, previous, GrantSample.Noon, GrantSample.Noon, what, Digest.Of("policy"), GrantSample.ForTask.Id, 1, Digest.Of("grant"), ["alice SHA256:a", "bob SHA256:b"],
        RootDenial.Over, 3, RootEnd.Timeout, null, null, "a word");
}
