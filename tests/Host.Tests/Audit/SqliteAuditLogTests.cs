using Fleet.Host.Audit;
using Fleet.Ledger;

namespace Fleet.Host.Tests.Audit;

public sealed class SqliteAuditLogTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("fleet-audit-").FullName;

    private string Path => $"{folder}/journal.db";

    private SqliteAuditLog Log => new(Path, TimeProvider.System, TimeSpan.FromMilliseconds(10));

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Before_there_is_a_journal_the_record_is_empty()
    {
        Assert.Empty(await Read(new AuditQuery()));
        await File.WriteAllBytesAsync(Path, []);
        Assert.Empty(await Read(new AuditQuery()));
    }

    [Fact]
    public async Task Events_come_in_the_order_in_which_they_were_written_across_batches()
    {
        using var journal = new JournalFile(Path);
        journal.Execute("BEGIN");
        for (var i = 1; i <= 1201; i++)
        {
            journal.Add(JournalFile.Stopped("web", i, JournalFile.Noon));
        }

        journal.Execute("COMMIT");
        var entries = await Read(new AuditQuery());
        Assert.Equal(Enumerable.Range(1, 1201).Select(i => (long)i), entries.Select(e => e.Recorded.Envelope.Sequence));
        Assert.Equal(1201, entries[^1].Index);
    }

    [Theory]
    [InlineData("host=host-1", "1 2 3 4")]
    [InlineData("host=host", "")]
    [InlineData("principal=ALICE", "1 2")]
    [InlineData("principal=agent:host-1", "4")]
    [InlineData("job=web", "1 4")]
    [InlineData("job=web:web", "4")]
    [InlineData("job=we", "")]
    [InlineData("kind=job", "1 2 3")]
    [InlineData("kind=process.exited", "4")]
    [InlineData("kind=process.exit", "")]
    [InlineData("kind=process.exited.v1", "4")]
    [InlineData("since=13:00", "2 3 4")]
    [InlineData("until=13:00", "1")]
    public async Task Each_filter_keeps_what_it_names(string filter, string sequences)
    {
        using var journal = new JournalFile(Path);
        journal.Add(JournalFile.Stopped("web", 1, JournalFile.Noon));
        journal.Add(JournalFile.Stopped("web2", 2, JournalFile.Noon.AddHours(1)));
        journal.Add(JournalFile.Stopped("other", 3, JournalFile.Noon.AddHours(2), "uid:0(root)"));
        journal.Add(JournalFile.Exited("web:web", 4, JournalFile.Noon.AddHours(3)));
        Assert.Equal(sequences, string.Join(' ', (await Read(Query(filter))).Select(e => e.Recorded.Envelope.Sequence)));
    }

    [Fact]
    public async Task A_follower_sees_what_is_written_later()
    {
        using var journal = new JournalFile(Path);
        journal.Add(JournalFile.Stopped("web", 1, JournalFile.Noon));
        using var stop = new CancellationTokenSource();
        await using var followed = Log.Read(new AuditQuery(), follow: true, stop.Token).GetAsyncEnumerator(stop.Token);
        Assert.True(await followed.MoveNextAsync());
        var next = followed.MoveNextAsync();
        Assert.False(next.IsCompleted);
        journal.Add(JournalFile.Stopped("web", 2, JournalFile.Noon));
        Assert.True(await next);
        Assert.Equal(2, followed.Current.Recorded.Envelope.Sequence);
        var end = followed.MoveNextAsync();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await end);
    }

    public static TheoryData<byte[], string> Damaged() => new()
    {
        { "{\"envelope\":"u8.ToArray(), "row 2 of the journal (stream job-web, sequence 2) cannot be read" },
        { [], "row 2 of the journal (stream job-web, sequence 2) cannot be read" },
        { [0, 255, 1], "row 2 of the journal (stream job-web, sequence 2) cannot be read" },
        { EventCatalog.Write(JournalFile.Stopped("web", 7, JournalFile.Noon)), "its envelope says stream job-web, sequence 7" },
        {
            System.Text.Encoding.UTF8.GetBytes(System.Text.Encoding.UTF8.GetString(EventCatalog.Write(JournalFile.Stopped("web", 2, JournalFile.Noon)))
                .Replace("job.stopped.v1", "job.vanished.v9", StringComparison.Ordinal)),
            "'job.vanished.v9' is not an event"
        },
    };

    [Theory]
    [MemberData(nameof(Damaged))]
    public async Task A_damaged_row_is_named_after_all_before_it_and_never_skipped(byte[] message, string says)
    {
        using var journal = new JournalFile(Path);
        journal.Add(JournalFile.Stopped("web", 1, JournalFile.Noon));
        journal.Add("job-web", 2, message);
        journal.Add(JournalFile.Stopped("web", 3, JournalFile.Noon));
        var seen = new List<AuditEntry>();
        var error = await Assert.ThrowsAsync<CorruptRowException>(async () =>
        {
            await foreach (var entry in Log.Read(new AuditQuery(), follow: false, CancellationToken.None))
            {
                seen.Add(entry);
            }
        });
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
        Assert.Equal((2L, 1), (error.Ordering, seen.Count));
    }

    private static AuditQuery Query(string filter)
    {
        var (name, value) = (filter[..filter.IndexOf('=')], filter[(filter.IndexOf('=') + 1)..]);
        return name switch
        {
            "host" => new AuditQuery(Host: value),
            "principal" => new AuditQuery(Principal: value),
            "job" => new AuditQuery(Job: value),
            "kind" => new AuditQuery(Kind: value),
            "since" => new AuditQuery(Since: JournalFile.Noon.AddHours(1)),
            "until" => new AuditQuery(Until: JournalFile.Noon.AddHours(1)),
            _ => throw new ArgumentException(filter),
        };
    }

    private async Task<List<AuditEntry>> Read(AuditQuery query)
    {
        var entries = new List<AuditEntry>();
        await foreach (var entry in Log.Read(query, follow: false, CancellationToken.None))
        {
            entries.Add(entry);
        }

        return entries;
    }
}
