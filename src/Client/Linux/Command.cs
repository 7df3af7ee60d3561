using System.Diagnostics;
using System.Text;

namespace Fleet.Client.Linux;

/// <summary>The one place where programs are started: arguments as a list, a rebuilt environment, a bound on time and on output.</summary>
public sealed record Command(string Program, params string[] Args)
{
    private const int MaxOutput = 256 * 1024;

    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    /// <summary>The whole environment of the program, beside PATH and LANG; the agent's own is not inherited.</summary>
    public IReadOnlyDictionary<string, string> Env { get; init; } = new Dictionary<string, string>();

    public string WorkingDirectory { get; init; } = "/";

    /// <summary>
    /// What is written to standard input, which is then closed; asked for while the program runs, and cancelled when it ends. Where it throws, nothing is
    /// written, and <see cref="Run"/> throws it after the program's end.
    /// </summary>
    public Func<CancellationToken, Task<string>>? Input { get; init; }

    /// <summary>
    /// The program has this program's own standard input and standard error, and so can ask whoever sits at the terminal, as ssh-keygen does for a passphrase.
    /// What it says there is in no result.
    /// </summary>
    public bool AtTerminal { get; init; }

    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Called with its pid when its time is up, before it is killed; it then has a second to end by itself. For a program whose children it must reap.
    /// Called too when the program has ended in time, but something that it left behind still holds its output then.
    /// </summary>
    public Action<int>? BeforeKill { get; init; }

    public const string Path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /// <summary>Runs it to its end. A program that does not end in time is killed with its children and answers <see cref="CommandResult.TimedOut"/>.
    /// One that ends, but leaves behind what holds its output, answers when the time is up with what was written until then.</summary>
    /// <exception cref="System.ComponentModel.Win32Exception">There is no such program, or it may not be run.</exception>
    public async Task<CommandResult> Run(CancellationToken cancel = default)
    {
        using var process = Begin();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(Timeout);
        using var reading = new CancellationTokenSource();
        using var feeding = new CancellationTokenSource();
        var fed = Feed(process, feeding.Token);
        var texts = Task.WhenAll(Drain(process.StandardOutput, reading.Token), AtTerminal ? Task.FromResult("") : Drain(process.StandardError, reading.Token));
        var ended = true;
        try
        {
            await process.WaitForExitAsync(limit.Token);
            await texts.WaitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            ended = process.HasExited;
            await End(process);
            reading.CancelAfter(Grace);
        }

        await feeding.CancelAsync();
        var read = await texts;
        await fed;
        cancel.ThrowIfCancellationRequested();
        return new CommandResult(ended ? process.ExitCode : CommandResult.TimedOut, read[0], read[1]);
    }

    /// <summary>Starts it with all three streams redirected, but for those of a terminal; the caller reads, waits and disposes, also of the streams that it has used, and writes the input if there is one.</summary>
    public Process Begin()
    {
        var start = new ProcessStartInfo(Program, Args)
        {
            RedirectStandardInput = !AtTerminal,
            RedirectStandardOutput = true,
            RedirectStandardError = !AtTerminal,
            UseShellExecute = false,
            WorkingDirectory = WorkingDirectory,
        };
        start.Environment.Clear();
        start.Environment["PATH"] = Path;
        start.Environment["LANG"] = "C.UTF-8";
        foreach (var (name, value) in Env)
        {
            start.Environment[name] = value;
        }

        var process = Process.Start(start)!;
        if (Input is null && !AtTerminal)
        {
            process.StandardInput.Close();
        }

        return process;
    }

    /// <summary>
    /// Starts it as nobody's child, in a session of its own (setsid(1)), so that Ctrl-C does not reach it, and with this program's standard error alone. It says
    /// there itself if it cannot run.
    /// </summary>
    public Task Detach() =>
        new Command("/bin/sh", ["-c", "exec setsid --fork -- \"$@\" </dev/null >/dev/null", "sh", Program, .. Args]) { Env = Env, WorkingDirectory = WorkingDirectory, AtTerminal = true }.Run();

    private async Task Feed(Process process, CancellationToken ended)
    {
        if (Input is null)
        {
            return;
        }

        await using var input = process.StandardInput;
        try
        {
            var text = await Input(ended);
            await input.WriteAsync(text.AsMemory(), ended);
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // Nobody reads it any more.
        }
    }

    private async Task End(Process process)
    {
        if (BeforeKill is not null)
        {
            BeforeKill(process.Id);
            await Task.WhenAny(process.WaitForExitAsync(CancellationToken.None), Task.Delay(Grace));
        }

        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
        }

        await process.WaitForExitAsync(CancellationToken.None);
    }

    // Reads to the end, so that the program never blocks on a full pipe, but keeps only the first MaxOutput characters. A process that is disposed
    // leaves what was read from open, until some collection of the garbage.
    private static async Task<string> Drain(StreamReader output, CancellationToken stop)
    {
        using var reader = output;
        var kept = new StringBuilder();
        var block = new char[4096];
        try
        {
            for (int read; (read = await reader.ReadAsync(block, stop)) > 0;)
            {
                kept.Append(block, 0, Math.Min(read, MaxOutput - kept.Length));
            }
        }
        catch (OperationCanceledException)
        {
            // What was read is the answer.
        }

        return kept.ToString();
    }
}

public sealed record CommandResult(int ExitCode, string Output, string Error)
{
    public const int TimedOut = -1;

    public bool Succeeded => ExitCode == 0;
}
