using Fleet.Actors.Ledger;
using Microsoft.Data.Sqlite;

namespace Fleet.Actors.Tests;

public sealed class SqliteWriterTests : IDisposable
{
    private const string Insert = "INSERT INTO journal(persistence_id, sequence_number, manifest, identifier, message) VALUES(?1, ?2, 'm', 1, x'00')";

    private readonly string folder = Directory.CreateTempSubdirectory("fleet-writer-").FullName;

    private string Journal => $"{folder}/journal.db";

    private string Snapshots => $"{folder}/snapshots.db";

    [Fact]
    public async Task Of_writes_that_wait_together_only_the_bad_one_fails_and_no_number_is_left_out()
    {
        var writer = Open();
        var good = Enumerable.Range(1, 300).Select(n => writer.Execute([Row("a", n)])).ToList();
        var bad = writer.Execute([Row("b", 1), Row("a", 300)]);
        good.AddRange(Enumerable.Range(301, 300).Select(n => writer.Execute([Row("a", n)])));
        await Task.WhenAll(good);
        Assert.Contains("UNIQUE", (await Assert.ThrowsAsync<SqliteException>(() => bad)).Message);
        writer.Close();
        Assert.Equal((600, 600), (Number("SELECT count(*) FROM journal WHERE persistence_id = 'a'"), Number("SELECT max(ordering) FROM journal")));
        Assert.Equal(0, Number("SELECT count(*) FROM journal WHERE ordering <> sequence_number"));
    }

    [Fact]
    public async Task After_a_file_could_not_be_written_the_next_write_tries_again()
    {
        var writer = Open();
        Sql("CREATE TRIGGER full BEFORE INSERT ON journal BEGIN SELECT RAISE(ABORT, 'disk full'); END");
        Assert.Contains("disk full", (await Assert.ThrowsAsync<SqliteException>(() => writer.Execute([Row("a", 1)]))).Message);
        Sql("DROP TRIGGER full");
        await writer.Execute([Row("a", 1)]);
        writer.Close();
        Assert.Equal(1, Number("SELECT count(*) FROM journal"));
    }

    [Fact]
    public async Task A_write_that_nobody_waits_for_any_more_is_dropped_before_its_turn_and_those_around_it_are_not()
    {
        var writer = Open();
        using var locked = new SqliteConnection(SqliteJournal.ConnectionString(Journal, pooled: false));
        locked.Open();
        var held = locked.BeginTransaction(deferred: false);
        using var given = new CancellationTokenSource();

        // More than one transaction takes, so that the one given up is certainly not in that which waits for the lock.
        var first = Enumerable.Range(1, 400).Select(n => writer.Execute([Row("a", n)])).ToList();
        var dropped = writer.Execute([Row("b", 1)], given.Token);
        var last = writer.Execute([Row("a", 401)], CancellationToken.None);
        await given.CancelAsync();
        held.Rollback();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => dropped);
        await Task.WhenAll([.. first, last]);
        writer.Close();
        Assert.Equal((401, 401), (Number("SELECT count(*) FROM journal WHERE persistence_id = 'a'"), Number("SELECT count(*) FROM journal")));
    }

    [Fact]
    public async Task A_value_that_sqlite_cannot_take_fails_its_own_write_alone()
    {
        var writer = Open();
        await Assert.ThrowsAnyAsync<Exception>(() => writer.Execute([new Statement(Insert, new object(), 1)]));
        await writer.Execute([Row("a", 1)]);
        writer.Close();
        Assert.Equal(1, Number("SELECT count(*) FROM journal"));
    }

    [Fact]
    public async Task What_waits_when_it_is_closed_is_written_and_nothing_is_taken_afterwards()
    {
        var writer = Open();
        var waiting = Enumerable.Range(1, 1000).Select(n => writer.Execute([Row("a", n)])).ToList();
        writer.Close();
        await Task.WhenAll(waiting);
        Assert.Equal(1000, Number("SELECT count(*) FROM journal"));
        await Assert.ThrowsAsync<InvalidOperationException>(() => writer.Execute([Row("a", 1001)]));
    }

    [Theory]
    [InlineData("PRAGMA user_version = 2", "layout 2")]
    [InlineData("PRAGMA user_version = 0", "layout 0")]
    public void A_ledger_of_another_layout_is_refused_and_named(string change, string says)
    {
        SqliteJournal.Open(Journal, Snapshots);
        Sql(change);
        var refused = Assert.Throws<IOException>(() => SqliteJournal.Open(Journal, Snapshots));
        Assert.Contains(Journal, refused.Message);
        Assert.Contains(says, refused.Message);
        Assert.Contains($"run the Fleet that wrote it; or, to begin with an empty ledger, stop the jobs with that one, move {folder} away", refused.Message);
        Assert.DoesNotContain("disk is full", refused.Message);
    }

    [Theory]
    [InlineData(5000, "file is not a database")]
    [InlineData(0, null)]
    public void What_is_no_database_is_refused_with_the_remedy_and_an_empty_file_is_a_new_one(int noise, string? says)
    {
        File.WriteAllBytes(Journal, Enumerable.Repeat((byte)'x', noise).ToArray());
        var refused = Record.Exception(() => SqliteJournal.Open(Journal, Snapshots));
        Assert.Equal(says is null, refused is null);
        Assert.Contains(says is null ? "" : "restore its folder from a backup", $"{refused?.Message}", StringComparison.Ordinal);
        Assert.Contains(says ?? "", $"{refused?.Message}", StringComparison.Ordinal);
    }

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        Directory.Delete(folder, recursive: true);
    }

    private static Statement Row(string stream, long sequence) => new(Insert, stream, sequence);

    private SqliteWriter Open()
    {
        SqliteJournal.Open(Journal, Snapshots);
        return new SqliteWriter(Journal);
    }

    private long Number(string sql) => (long)Sql(sql)!;

    private object? Sql(string sql)
    {
        using var connection = new SqliteConnection(SqliteJournal.ConnectionString(Journal, pooled: false));
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }
}
