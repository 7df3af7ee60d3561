using Fleet.Ledger;

namespace Fleet.Host.Audit;

/// <summary>The record of this host, in the order in which it was written.</summary>
public interface IAuditLog
{
    /// <summary>Events that match, the oldest first; with <paramref name="follow"/> it does not end, but goes on with what is written from then on.</summary>
    /// <exception cref="CorruptRowException">A row cannot be read. Thrown at its place, after all events before it: a row is never skipped.</exception>
    IAsyncEnumerable<AuditEntry> Read(AuditQuery query, bool follow, CancellationToken cancel);
}

/// <param name="Index">The journal's <c>ordering</c>: rises, not dense.</param>
public sealed record AuditEntry(long Index, Recorded Recorded);

/// <summary>A row of the journal that is no event: damaged, or written by a newer version.</summary>
public sealed class CorruptRowException(long ordering, string stream, long sequence, Exception why)
    : Exception($"row {ordering} of the journal (stream {stream}, sequence {sequence}) cannot be read: {why.Message}", why)
{
    public long Ordering { get; } = ordering;
}
