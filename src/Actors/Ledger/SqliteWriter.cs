using System.Threading.Channels;
using Microsoft.Data.Sqlite;

namespace Fleet.Actors.Ledger;

/// <summary>A statement with its values, in the order of ?1, ?2, ...</summary>
internal readonly record struct Statement(string Sql, params object[] Values);

/// <summary>
/// The one writer of an SQLite file. What waits is written in one transaction, so that one fsync serves all who wait; if that fails, each is tried
/// alone, so that nobody's write fails for another's.
/// </summary>
internal sealed class SqliteWriter
{
    private const int MostTogether = 400;

    private readonly Channel<Write> waiting = Channel.CreateUnbounded<Write>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Dictionary<string, SqliteCommand> prepared = [];
    private readonly string file;
    private readonly Task loop;
    private SqliteConnection? connection;

    public SqliteWriter(string file)
    {
        this.file = file;
        loop = Task.Run(Run);
    }

    /// <summary>Completes when the statements are on disk, all of them. A later call's are never tried before an earlier call's.</summary>
    /// <param name="unwanted">Drops them if they still wait; once begun, they are written or fail, and the task says which.</param>
    /// <exception cref="SqliteException">They could not be written, none of them.</exception>
    /// <exception cref="OperationCanceledException">They were dropped, all of them.</exception>
    /// <exception cref="InvalidOperationException">The writer is closed.</exception>
    public Task Execute(IReadOnlyList<Statement> statements, CancellationToken unwanted = default)
    {
        var write = new Write(statements, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), unwanted);
        return waiting.Writer.TryWrite(write) ? write.Done.Task : throw new InvalidOperationException($"{file} is closed");
    }

    /// <summary>Takes nothing more, and returns when all that waits is written or has failed.</summary>
    public void Close()
    {
        waiting.Writer.TryComplete();
        loop.Wait();
    }

    private async Task Run()
    {
        var together = new List<Write>(MostTogether);
        while (await waiting.Reader.WaitToReadAsync())
        {
            together.Clear();
            while (together.Count < MostTogether && waiting.Reader.TryRead(out var write))
            {
                together.Add(write);
            }

            Commit(together);
        }

        Reset();
    }

    private void Commit(List<Write> together)
    {
        var failure = Try(together);
        foreach (var write in together)
        {
            Tell(write, failure is null || together.Count == 1 ? failure : Try([write]));
        }
    }

    private static void Tell(Write write, Exception? failure)
    {
        if (failure is null)
        {
            write.Done.TrySetResult(); // Does nothing where it was dropped.
        }
        else
        {
            write.Done.TrySetException(failure);
        }
    }

    private Exception? Try(List<Write> together)
    {
        // Whoever asked was told that it failed, and may have asked again.
        together.RemoveAll(write => write.Unwanted.IsCancellationRequested && write.Done.TrySetCanceled());
        if (together.Count == 0)
        {
            return null;
        }

        try
        {
            connection ??= SqliteJournal.OpenToWrite(file);
            Execute(new Statement("BEGIN IMMEDIATE"));
            together.ForEach(write => Array.ForEach([.. write.Statements], Execute));
            Execute(new Statement("COMMIT"));
            return null;
        }
        catch (Exception e)
        {
            // Whatever it was, it goes to who waits for this write: the writer lives on for the others.
            Reset(); // Which rolls back; what is left of a connection after an error of the disk is not to be trusted.
            return e;
        }
    }

    private void Execute(Statement statement)
    {
        if (!prepared.TryGetValue(statement.Sql, out var command))
        {
            command = connection!.CreateCommand();
            command.CommandText = statement.Sql;
            command.Parameters.AddRange(statement.Values.Select((_, i) => new SqliteParameter { ParameterName = $"?{i + 1}" }));
            prepared.Add(statement.Sql, command);
        }

        for (var i = 0; i < statement.Values.Length; i++)
        {
            command.Parameters[i].Value = statement.Values[i];
        }

        command.ExecuteNonQuery();
    }

    private void Reset()
    {
        foreach (var command in prepared.Values)
        {
            command.Dispose();
        }

        prepared.Clear();
        connection?.Dispose();
        connection = null;
    }

    private sealed record Write(IReadOnlyList<Statement> Statements, TaskCompletionSource Done, CancellationToken Unwanted);
}
