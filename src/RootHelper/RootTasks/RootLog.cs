using Fleet.RootHelper.Linux;
using Fleet.RootTasks;
using Microsoft.Win32.SafeHandles;

namespace Fleet.RootHelper.RootTasks;

/// <summary>
/// The host's root log: lines that are chained by their digests and are on disk before the call returns. The end of the file is the commit point: a line
/// without its line feed was never written, and the next that writes takes it away.
/// </summary>
internal sealed class RootLog(Places places)
{
    private const int Exclusive = 2; // LOCK_EX
    // The last line is in the last few bytes, unless it is of the longest.
    private const int Block = 64 * 1024, Few = 4 * 1024;

    /// <summary>The digest of the last entry's line, and its number.</summary>
    public readonly record struct Head(long Number, Digest Digest, DateTimeOffset Latest, Digest? Policy);

    /// <summary>The log up to now; of one that is not there, the beginning.</summary>
    /// <exception cref="Denied">It was taken away, or cannot be read.</exception>
    public Head Last()
    {
        using var file = Open();
        return HeadOf(file);
    }

    /// <summary>Writes one entry, and before it another where the policy is not the one of the entry before. Of too many refusals it only says that they are too many.</summary>
    /// <param name="entry">Number, digest of the one before and times are filled in here.</param>
    /// <exception cref="Denied">It is not on disk. What would have followed from it must not happen.</exception>
    public Head Append(RootLogEntry entry)
    {
        using var file = Open();
        var head = HeadOf(file);
        if (entry.Policy is { } policy && head.Policy is { } before && policy != before)
        {
            head = Write(file, head, Entries.Of(RootAct.PolicyChanged, entry.At) with { Policy = policy });
        }

        head = TellOmitted(file, head, entry.At);
        return entry.What == RootAct.Denied && IsOneTooMany(file, head, entry.At) ? head : Write(file, head, entry);
    }

    /// <summary>Says how many refusals were left out in an hour that is over, where there were some.</summary>
    public void TellOmitted(DateTimeOffset now)
    {
        if (Refusals.Read(places.Refusals).Omitted > 0)
        {
            using var file = Open();
            _ = TellOmitted(file, HeadOf(file), now);
        }
    }

    private Head TellOmitted(SafeFileHandle file, Head head, DateTimeOffset now)
    {
        var before = Refusals.Read(places.Refusals);
        if (before.Omitted == 0 || before.Hour == Refusals.HourOf(now))
        {
            return head;
        }

        head = Omit(file, head, now, $"{before.Omitted} refusals of the hour from {before.Begin:yyyy-MM-dd HH:mm}Z on");
        new Refusals(Refusals.HourOf(now), 0).Keep(places.Refusals);
        return head;
    }

    // Said before it is counted: a helper that is killed in between says it twice, and none says it never.
    private bool IsOneTooMany(SafeFileHandle file, Head head, DateTimeOffset now)
    {
        var refusals = Refusals.Read(places.Refusals).OneMore(now);
        if (refusals.Omitted == 1)
        {
            Omit(file, head, now, $"{Refusals.Most} refusals were written down in this hour; the rest of it is only counted");
        }

        refusals.Keep(places.Refusals);
        return refusals.Omitted > 0;
    }

    private static Head Omit(SafeFileHandle file, Head head, DateTimeOffset at, string detail) =>
        Write(file, head, Entries.Of(RootAct.Omitted, at) with { Detail = detail });

    /// <summary>Writes the first entry, where there is none: the policy and the key that signs receipts. No use is burnt before it is there.</summary>
    public void Begin(Digest policy, string key)
    {
        using var file = Open();
        if (HeadOf(file) is { Number: 0 } head)
        {
            Write(file, head, Entries.Of(RootAct.PolicyChanged, DateTimeOffset.UtcNow) with { Policy = policy, Detail = $"the log begins; receipts are signed by {key}" });
        }
    }

    /// <summary>The lines after entry <paramref name="number"/>, whole ones, as many as fit. From the first that is no entry on, all: who reads is to see it.</summary>
    public byte[] After(long number, int longest)
    {
        using var file = LinuxException.Check(Libc.Open(places.Log, Libc.ReadOnly | Libc.NoFollow), "read the root log");
        var (lines, room) = (new MemoryStream(), longest);
        foreach (var line in Lines(file).SkipWhile(line => NumberOf(line) <= number).TakeWhile(line => (room -= line.Length) >= 0))
        {
            lines.Write(line);
        }

        return lines.ToArray();
    }

    /// <summary>Whether the last that it says of something is its end. Reads all of it: ids may have been had before.</summary>
    /// <param name="of">Whether an entry is about that.</param>
    public bool EndsWith(Func<RootLogEntry, bool> of)
    {
        using var file = Open();
        return Lines(file).Select(EntryIn).LastOrDefault(entry => entry is { What: RootAct.Starting or RootAct.Ended or RootAct.Lost } && of(entry)) is { What: not RootAct.Starting };
    }

    private static long NumberOf(byte[] line) => EntryIn(line)?.Number ?? long.MaxValue;

    private static RootLogEntry? EntryIn(byte[] line)
    {
        try
        {
            return RootLogEntry.Read(line);
        }
        catch (System.Text.Json.JsonException)
        {
            return null;
        }
    }

    private static Head Write(SafeFileHandle file, Head head, RootLogEntry entry)
    {
        var line = RootLogEntry.Write(entry with
        {
            Number = head.Number + 1,
            Previous = head.Digest,
            Latest = entry.At > head.Latest ? entry.At : head.Latest,
            Policy = entry.Policy ?? head.Policy,
            Detail = entry.Detail is { Length: > RootLogEntry.LongestDetail } ? entry.Detail[..RootLogEntry.LongestDetail] : entry.Detail,
        });
        var end = RandomAccess.GetLength(file);
        try
        {
            RandomAccess.Write(file, line, end);
            RandomAccess.FlushToDisk(file);
        }
        catch (IOException e)
        {
            _ = Libc.Truncate(file, end);
            throw new Denied(RootDenial.LogUnwritable, $"the root log cannot be written: {e.Message}");
        }

        return new Head(head.Number + 1, Digest.Of(line), entry.At > head.Latest ? entry.At : head.Latest, entry.Policy ?? head.Policy);
    }

    // Locked until it is closed: two helpers never write at once, nor does one read what another is writing.
    private SafeFileHandle Open()
    {
        // In this order: a log has its first entry before the first use is burnt, by whichever helper.
        var hasUses = Directory.EnumerateFileSystemEntries(places.Uses).Any();
        var isNew = new FileInfo(places.Log) is not { Exists: true, Length: > 0 };
        if (isNew && hasUses)
        {
            throw new Denied(
                RootDenial.LogUnwritable, $"{places.Log} is gone or empty, though uses were burnt: somebody with root took it away; put it back, or begin a new state folder");
        }

        var file = Libc.Open(places.Log, Libc.ReadWrite | Libc.Create | Libc.NoFollow, 0x180 /* 0600 */);
        if (file.IsInvalid || !Libc.Stat(file).IsRegular || Libc.Flock(file, Exclusive) < 0)
        {
            throw new Denied(RootDenial.LogUnwritable, $"{places.Log} cannot be opened: {Libc.ErrorText}");
        }

        if (isNew)
        {
            RootState.Sync(places.State);
        }

        return file;
    }

    private static byte[] Tail(SafeFileHandle file, long length, int most)
    {
        var tail = new byte[Math.Min(length, most)];
        _ = RandomAccess.Read(file, tail, length - tail.Length);
        return most == Few && tail.AsSpan().Count((byte)'\n') < 2 ? Tail(file, length, Block) : tail;
    }

    private static Head HeadOf(SafeFileHandle file)
    {
        var length = RandomAccess.GetLength(file);
        var tail = Tail(file, length, Few);
        var whole = tail.AsSpan().LastIndexOf((byte)'\n') + 1;
        if (whole < tail.Length)
        {
            _ = Libc.Truncate(file, length - tail.Length + whole);
        }

        if (whole == 0)
        {
            return length > Block
                ? throw new Denied(RootDenial.LogUnwritable, "the root log is broken: its last line has no end")
                : new Head(0, RootLogEntry.Nothing, DateTimeOffset.MinValue, null);
        }

        var line = tail.AsSpan(tail.AsSpan(0, whole - 1).LastIndexOf((byte)'\n') + 1);
        line = line[..(line.IndexOf((byte)'\n') + 1)];
        try
        {
            var last = RootLogEntry.Read(line);
            return new Head(last.Number, Digest.Of(line), last.Latest, last.Policy);
        }
        catch (System.Text.Json.JsonException e)
        {
            throw new Denied(RootDenial.LogUnwritable, $"the root log is broken: {e.Message}");
        }
    }

    private static IEnumerable<byte[]> Lines(SafeFileHandle file)
    {
        using var reader = new BufferedStream(new FileStream(new SafeFileHandle(file.DangerousGetHandle(), false), FileAccess.Read, 0));
        var line = new List<byte>(1024);
        for (int one; (one = reader.ReadByte()) >= 0;)
        {
            line.Add((byte)one);
            if (one == '\n')
            {
                yield return [.. line];
                line.Clear();
            }
        }
    }
}

/// <summary>Entries of the root log, with what <see cref="RootLog"/> fills in left empty.</summary>
internal static class Entries
{
    public static RootLogEntry Of(RootAct what, DateTimeOffset at) =>
        new(0, RootLogEntry.Nothing, at, at, what, null, null, null, null, [], null, null, null, null, null, null);
}
