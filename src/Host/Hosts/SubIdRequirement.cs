using System.Collections.Immutable;
using System.Globalization;
using Fleet.Sandboxes;

namespace Fleet.Host.Hosts;

/// <param name="File">Where ranges are kept.</param>
/// <param name="Accounts">The file whose ids must not be in a range either.</param>
/// <param name="Flag">usermod's option, which locks and rewrites the file atomically.</param>
/// <param name="Limits">The prefix of the keys in /etc/login.defs.</param>
internal sealed record SubIdKind(string Name, string File, string Accounts, string Flag, string Limits)
{
    public static readonly SubIdKind User = new("sub-uids", "/etc/subuid", "/etc/passwd", "--add-subuids", "SUB_UID");
    public static readonly SubIdKind Group = new("sub-gids", "/etc/subgid", "/etc/group", "--add-subgids", "SUB_GID");

    public ImmutableArray<SubIdRange> Read() => System.IO.File.Exists(File) ? SubIdRange.Parse(System.IO.File.ReadLines(File)) : [];
}

/// <summary>A range of ids that belongs to the agent's user alone, a slice of it for each job. An existing range is kept.</summary>
internal sealed class SubIdRequirement(HostInitOptions options, SubIdKind kind) : Requirement(kind.Name)
{
    public override Finding Check()
    {
        var mine = kind.Read().FirstOrDefault(range => IsMine(range) && IdSlices.Capacity(range.Count) > 0);
        if (mine is null)
        {
            return new Finding.Missing($"{kind.File} gives {options.User} no range of at least {IdSlices.Size + 1} ids", options.Command);
        }

        var other = kind.Read().FirstOrDefault(range => !IsMine(range) && range.Start < mine.End && mine.Start < range.End);
        return other is null
            ? new Finding.Ok($"{mine.Start} to {mine.End - 1}, for {IdSlices.Capacity(mine.Count)} jobs")
            : new Finding.Missing($"{kind.File} gives ids of {options.User} to {other.Owner} as well, from {Math.Max(other.Start, mine.Start)}",
                $"edit {kind.File} so that no two ranges overlap, with no job running");
    }

    public override async Task<string> Establish()
    {
        if (kind.Read().Any(range => IsMine(range) && IdSlices.Capacity(range.Count) > 0))
        {
            var missing = (Finding.Missing)Check();
            throw new HostInitException(missing.Detail, missing.Remedy);
        }

        var range = FreeInBoth() ?? throw new HostInitException(
            $"no {Wanted} ids in a row are free in {kind.File}", "ask for fewer slices, or raise SUB_UID_MAX and SUB_GID_MAX in /etc/login.defs");
        await Requirements.Must($"see usermod(8) and {kind.File}", "usermod", kind.Flag, $"{range.Start}-{range.End - 1}", options.User);
        return $"gave {options.User} the ids {range.Start} to {range.End - 1} in {kind.File}, for {options.Slices} jobs";
    }

    private long Wanted => IdSlices.InAgent(options.Slices);

    // The same numbers in both files where possible: the other kind's range is looked at first, and both kinds' ranges count as taken.
    private SubIdRange? FreeInBoth()
    {
        var other = kind == SubIdKind.User ? SubIdKind.Group : SubIdKind.User;
        var alreadyMine = other.Read().FirstOrDefault(range => IsMine(range) && range.Count == Wanted);
        if (alreadyMine is not null && !Taken(kind).Any(range => range.Start < alreadyMine.End && alreadyMine.Start < range.End))
        {
            return alreadyMine;
        }

        return SubIdRange.Free(options.User, Wanted, Limit("MIN", 100_000), Limit("MAX", 600_100_000), [.. Taken(kind), .. Taken(other)]);
    }

    private static IEnumerable<SubIdRange> Taken(SubIdKind kind) =>
        [.. kind.Read(), .. Accounts.Ids(kind.Accounts).Select(id => new SubIdRange("", id, 1))];

    private bool IsMine(SubIdRange range) =>
        range.Owner == options.User || range.Owner == Accounts.User(options.User)?.Uid.ToString(CultureInfo.InvariantCulture);

    private long Limit(string which, long otherwise) => File.Exists("/etc/login.defs")
        ? File.ReadLines("/etc/login.defs")
            .Select(line => line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries))
            .Where(words => words.Length >= 2 && words[0] == $"{kind.Limits}_{which}")
            .Select(words => long.Parse(words[1], CultureInfo.InvariantCulture))
            .FirstOrDefault(otherwise)
        : otherwise;
}
