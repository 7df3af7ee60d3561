using System.Text.Json.Serialization;

namespace Fleet.Processes;

[JsonConverter(typeof(SnakeCaseEnum<RestartWhen>))]
public enum RestartWhen
{
    Always,
    OnFailure,
    Never,
}

/// <summary>
/// When a process that ended is started again, and how long after. Pure: it owns no timer and no chance.
/// </summary>
public sealed record RestartPolicy
{
    public RestartWhen When { get; init; } = RestartWhen.Always;

    /// <summary>Delay before the first restart; above 0.</summary>
    public TimeSpan Initial { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The longest delay; at least <see cref="Initial"/>.</summary>
    public TimeSpan Max { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>A process that ran this long has recovered: the next end counts as the first again.</summary>
    public TimeSpan StableAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Ends in a row after which the process is given up as failed; null: never.</summary>
    public int? MaxAttempts { get; init; }

    /// <summary>Ends in a row from which on the process is called crash-looping; it goes on being restarted.</summary>
    public const int CrashLoopAfter = 5;

    /// <summary>
    /// The delay before restart number <paramref name="attempt"/> (1 is the first): initial, doubled each time up to max, then less up to a
    /// quarter of it by <paramref name="chance"/> (0 inclusive to 1 exclusive), so that what died together does not return together.
    /// </summary>
    public TimeSpan Delay(int attempt, double chance)
    {
        var doubled = Initial * Math.Pow(2, Math.Clamp(attempt - 1, 0, 30));
        var capped = doubled < Max ? doubled : Max;
        return capped * (1 - (0.25 * chance));
    }

    public bool Allows(bool failed, int attempt) => When switch
    {
        RestartWhen.Never => false,
        RestartWhen.OnFailure when !failed => false,
        _ => MaxAttempts is not { } most || attempt <= most,
    };
}
