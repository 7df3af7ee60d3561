using System.Collections.Immutable;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Fleet.Ledger;

namespace Fleet.RootTasks;

/// <summary>How much of a host's root log the ledger has.</summary>
/// <param name="Number">Of the last entry.</param>
/// <param name="Head">The digest of its line.</param>
/// <param name="Broken">The log was found not to go on from there; what it says from then on is taken up where it stands.</param>
public sealed record RootLogCopy(long Number, Digest Head, bool Broken)
{
    public static readonly RootLogCopy Nothing = new(0, RootLogEntry.Nothing, false);

    /// <param name="lines">From entry <see cref="Number"/> on, that one included, as the host gave them just now.</param>
    /// <param name="isReported">Whether the fleet has begun the use of such an entry.</param>
    public ImmutableArray<RootTaskEvent> Decide(string host, ReadOnlySpan<byte> lines, Func<RootLogEntry, bool> isReported)
    {
        var events = ImmutableArray.CreateBuilder<RootTaskEvent>();
        var (copy, isFirst) = (this, true);
        foreach (var line in Lines(lines))
        {
            var entry = Read(line);
            if (isFirst && Number > 0 && !Broken && Digest.Of(line) == Head)
            {
                isFirst = false;
                continue;
            }

            if (!copy.Broken && copy.Fault(entry, isFirst && Number > 0) is { } why)
            {
                return [.. events, new RootTaskEvent.LogBroken(host, copy.Number, why)];
            }

            if (entry is null)
            {
                return events.ToImmutable();
            }

            isFirst = false;
            events.Add(new RootTaskEvent.Logged(host, entry.Number, Encoding.UTF8.GetString(line.AsSpan()[..^1]), entry.What != RootAct.Starting || isReported(entry)));
            copy = copy.Evolve(events[^1]);
        }

        return isFirst && Number > 0 && !Broken ? [new RootTaskEvent.LogBroken(host, Number, "it has no entry of that number any more: its end was dropped")] : events.ToImmutable();
    }

    public RootLogCopy Evolve(RootTaskEvent @event) => @event switch
    {
        RootTaskEvent.Logged e => new RootLogCopy(e.Number, Digest.Of($"{e.Line}\n"), false),
        RootTaskEvent.LogBroken => this with { Broken = true },
        _ => throw new UnreachableException($"{@event.GetType()} is not an event of a root log"),
    };

    private string? Fault(RootLogEntry? entry, bool isHead) => entry switch
    {
        null => "a line of it is no entry",
        _ when isHead => $"entry {Number} is not the one that was there",
        _ when entry.Number != Number + 1 => $"entry {entry.Number} follows",
        _ when entry.Previous != Head => $"entry {entry.Number} does not follow from the one before",
        _ => null,
    };

    private static RootLogEntry? Read(byte[] line)
    {
        try
        {
            return RootLogEntry.Read(line);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static List<byte[]> Lines(ReadOnlySpan<byte> text)
    {
        var lines = new List<byte[]>();
        for (int end; (end = text.IndexOf((byte)'\n')) >= 0; text = text[(end + 1)..])
        {
            lines.Add(text[..(end + 1)].ToArray());
        }

        return lines;
    }
}
