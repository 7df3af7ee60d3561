using Fleet.Host.Linux;
using Microsoft.Extensions.Logging;

namespace Fleet.Host.Logs;

/// <summary>One process's output file, and what can stop its writers for a moment; null when none runs.</summary>
public sealed record LogFile(string Path, IFreezer? Freezer);

/// <summary>
/// Looks at the known logs once in a while and rotates those that grew too large. Never stops for one that fails:
/// that one is reported and left alone for a while.
/// </summary>
/// <param name="current">The logs of all processes of this host, asked anew at each scan.</param>
public sealed partial class LogRotator(
    Func<IReadOnlyCollection<LogFile>> current, LogRotationSettings settings, TimeProvider clock, ILogger<LogRotator> logger)
{
    private readonly Dictionary<string, DateTimeOffset> notBefore = [];

    /// <summary>Takes up what a killed agent left, then scans until it is cancelled. Run it once.</summary>
    public async Task Run(CancellationToken cancel)
    {
        Recover();
        using var timer = new PeriodicTimer(settings.Scan, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(cancel))
            {
                Scan();
            }
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
        }
    }

    /// <summary>Finishes interrupted rotations. Idempotent.</summary>
    public void Recover()
    {
        foreach (var log in current())
        {
            Guarded(log, rotation => rotation.Recover());
        }
    }

    /// <summary>One look at every log.</summary>
    public void Scan()
    {
        foreach (var log in current().Where(IsLarge))
        {
            Guarded(log, rotation =>
            {
                if (rotation.RunIfDue() is > 0 and var bytes)
                {
                    Rotated(log.Path, bytes);
                }
            });
        }
    }

    // Cheap: one stat for each log; what really stands there is checked on opening.
    private bool IsLarge(LogFile log) =>
        Files.Stat(log.Path, out var stat) && (long)stat.Size > settings.MaxBytes
        && (!notBefore.TryGetValue(log.Path, out var time) || clock.GetUtcNow() >= time);

    private void Guarded(LogFile log, Action<Rotation> act)
    {
        try
        {
            using var folder = LogFolder.TryOpen(Path.GetDirectoryName(log.Path)!);
            if (folder is not null)
            {
                act(new Rotation(folder, Path.GetFileName(log.Path), settings, log.Freezer));
            }

            notBefore.Remove(log.Path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            notBefore[log.Path] = clock.GetUtcNow() + settings.RetryAfter;
            Failed(log.Path, e.Message);
        }
    }

    [LoggerMessage(1, LogLevel.Information, "log.rotated {Path} {Bytes}")]
    private partial void Rotated(string path, long bytes);

    [LoggerMessage(2, LogLevel.Warning, "log.rotation_failed {Path}: {Reason}")]
    private partial void Failed(string path, string reason);
}
