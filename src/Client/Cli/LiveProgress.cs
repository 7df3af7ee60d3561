using System.Diagnostics;
using System.Globalization;
using Fleet.Client.Api;
using Fleet.Ledger;
using Spectre.Console;

namespace Fleet.Client.Cli;

/// <summary>The processes as a table that is drawn over itself, on a terminal. NO_COLOR is honoured (Spectre.Console reads it).</summary>
internal sealed class LiveProgress : IProgressView
{
    private readonly IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });

    private readonly Stopwatch since = Stopwatch.StartNew();

    private readonly TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly Table table = new Table().Border(TableBorder.None).AddColumns("PROCESS", "PHASE", "AFTER");

    private LiveDisplayContext? live;

    private Task? drawing;

    public void Show(JobDetail job)
    {
        table.Rows.Clear();
        foreach (var process in job.Processes)
        {
            var words = EventText.Visible(PlainProgress.Words(process));
            table.AddRow(
                new Text(EventText.Visible(process.Name)), new Text(words, Colour(process)),
                new Text(since.Elapsed.TotalSeconds.ToString("0.0 s", CultureInfo.InvariantCulture)));
        }

        drawing ??= console.Live(table).StartAsync(context =>
        {
            live = context;
            return done.Task;
        });
        live?.Refresh();
    }

    public void Dispose()
    {
        done.TrySetResult();
        drawing?.GetAwaiter().GetResult();
    }

    private static Style Colour(JobProcess process) => new(process switch
    {
        _ when JobState.IsReady(process) => Color.Green,
        { Phase: "failed" or "crash_looping" } or { Health: "unhealthy" } => Color.Red,
        _ => Color.Yellow,
    });
}
