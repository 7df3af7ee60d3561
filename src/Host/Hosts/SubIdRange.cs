using System.Collections.Immutable;
using System.Globalization;

namespace Fleet.Host.Hosts;

/// <summary>A line of /etc/subuid or /etc/subgid (subuid(5)).</summary>
/// <param name="Owner">A user's name or its numeric id.</param>
internal sealed record SubIdRange(string Owner, long Start, long Count)
{
    /// <summary>Ids of one job's slice.</summary>
    public const int Slice = 65_536;

    public long End => Start + Count;

    public static ImmutableArray<SubIdRange> Parse(IEnumerable<string> lines) => [.. lines
        .Select(line => line.Split(':'))
        .Where(fields => fields.Length == 3)
        .Select(fields => long.TryParse(fields[1], CultureInfo.InvariantCulture, out var start)
            && long.TryParse(fields[2], CultureInfo.InvariantCulture, out var count) ? new SubIdRange(fields[0], start, count) : null)
        .OfType<SubIdRange>()];

    /// <summary>
    /// The lowest free run of ids in [min, max], beginning at a multiple of a slice, that meets no taken range; null: there is none.
    /// </summary>
    public static SubIdRange? Free(string owner, long count, long min, long max, IEnumerable<SubIdRange> taken)
    {
        var start = RoundUp(min);
        foreach (var range in taken.Where(range => range.End > min).OrderBy(range => range.Start))
        {
            if (range.Start >= start + count)
            {
                break;
            }

            start = Math.Max(start, RoundUp(range.End));
        }

        return start + count - 1 <= max ? new SubIdRange(owner, start, count) : null;
    }

    private static long RoundUp(long id) => (id + Slice - 1) / Slice * Slice;
}
