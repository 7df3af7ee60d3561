namespace Fleet.Host.Logs;

/// <summary>The names beside a live log: FILE.1 (newest) to FILE.N, and what a rotation has in hand.</summary>
internal sealed class RotatedFiles(LogFolder folder, string log, int keep)
{
    /// <summary>Being copied; worthless after a crash.</summary>
    public string Copying => $".{log}.copying";

    /// <summary>Copied whole and durable; the head of the live log may or may not be cut yet. The mark tells, see <see cref="HeadMark"/>.</summary>
    public string Copied(string mark) => $"{CopiedPrefix}{mark}";

    private string CopiedPrefix => $".{log}.copied-";

    public string Rotated(int number) => $"{log}.{number}";

    /// <summary>What a killed agent left in hand, with its mark. Files that the agent did not make are not counted.</summary>
    public IReadOnlyList<(string Name, string Mark)> InHand() =>
        [.. folder.Names(CopiedPrefix).Where(name => folder.SizeOfOwn(name) is not null).Select(name => (name, name[CopiedPrefix.Length..]))];

    /// <summary>The logs of which a killed agent left a rotation in hand.</summary>
    public static IReadOnlyList<string> InterruptedIn(LogFolder folder) =>
        [.. folder.Names(".").Select(name => (name, at: name.IndexOf(".copied-", StringComparison.Ordinal))).Where(n => n.at > 1).Select(n => n.name[1..n.at]).Distinct()];

    /// <summary>
    /// Makes the copy FILE.1. Only the names up to the first gap move, so that repeating it after a crash in the middle moves nothing twice;
    /// without a gap the oldest file goes.
    /// </summary>
    public void Push(string copied)
    {
        var gap = Enumerable.Range(1, keep).FirstOrDefault(number => !folder.Has(Rotated(number)), keep);
        for (var number = gap; number > 1; number--)
        {
            folder.Rename(Rotated(number - 1), Rotated(number));
        }

        folder.Rename(copied, Rotated(1));
        folder.Sync();
    }

    /// <summary>Sizes of FILE.1, FILE.2, ... up to the first that is missing or not the agent's.</summary>
    public IEnumerable<(string Name, long Size)> Newest()
    {
        for (var number = 1; number <= keep && folder.SizeOfOwn(Rotated(number)) is { } size; number++)
        {
            yield return (Rotated(number), size);
        }
    }
}
