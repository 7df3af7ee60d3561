using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json.Serialization;

namespace Fleet.Processes;

/// <summary>
/// The rungs of a stop, written <c>TERM/20s/QUIT/5s/KILL</c>: send, wait, send, wait, ... The last rung is KILL and has no wait;
/// where the text does not end with it, it is added.
/// </summary>
[JsonConverter(typeof(ParsedStringConverter<StopLadder>))]
public readonly record struct StopLadder : IParsedString<StopLadder>
{
    private readonly ImmutableArray<StopRung> rungs;

    private StopLadder(ImmutableArray<StopRung> rungs) => this.rungs = rungs;

    public ImmutableArray<StopRung> Rungs => rungs.IsDefault ? [StopRung.Kill] : rungs;

    public const string Rule = "a stop ladder is signals and waits in turn, such as TERM/20s/QUIT/5s/KILL; signals: TERM INT QUIT HUP USR1 USR2 KILL; waits from 0s to 24h";

    /// <summary>BPM's: the shutdown signal, 15 s, QUIT, 2 s, KILL.</summary>
    public static StopLadder Bpm(ShutdownSignal first) => new(
    [
        new StopRung(first == ShutdownSignal.Int ? StopSignal.Int : StopSignal.Term, TimeSpan.FromSeconds(15)),
        new StopRung(StopSignal.Quit, TimeSpan.FromSeconds(2)),
        StopRung.Kill,
    ]);

    public static StopLadder Parse(string text) => TryParse(text, out var ladder) ? ladder : throw new FormatException($"'{text}': {Rule}");

    public static bool TryParse(string? text, [MaybeNullWhen(false)] out StopLadder ladder)
    {
        ladder = default;
        var parts = (text ?? "").Split('/');
        var built = ImmutableArray.CreateBuilder<StopRung>();
        for (var i = 0; i < parts.Length; i += 2)
        {
            var last = i + 1 >= parts.Length;
            var wait = TimeSpan.Zero;
            if (!TrySignal(parts[i], out var signal) || (!last && !Duration.TryParse(parts[i + 1], out wait)) || wait > TimeSpan.FromHours(24))
            {
                return false;
            }

            if (signal == StopSignal.Kill)
            {
                built.Add(StopRung.Kill);
                ladder = new StopLadder(built.ToImmutable());
                return last;
            }

            built.Add(new StopRung(signal, last ? TimeSpan.FromSeconds(15) : wait));
        }

        built.Add(StopRung.Kill);
        ladder = new StopLadder(built.ToImmutable());
        return true;
    }

    public bool Equals(StopLadder other) => Rungs.SequenceEqual(other.Rungs);

    public override int GetHashCode() => Rungs.Aggregate(0, HashCode.Combine);

    public override string ToString() => string.Join('/', Rungs.Select(r => r == StopRung.Kill ? "KILL" : r.ToString()));

    private static bool TrySignal(string text, out StopSignal signal) =>
        Enum.TryParse(text, ignoreCase: true, out signal) && string.Equals(signal.ToString(), text, StringComparison.OrdinalIgnoreCase);
}

/// <param name="Wait">How long to wait for the end before the next rung.</param>
public readonly record struct StopRung(StopSignal Signal, TimeSpan Wait)
{
    public static readonly StopRung Kill = new(StopSignal.Kill, TimeSpan.Zero);

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Signal.ToString().ToUpperInvariant()}/{Duration.Format(Wait)}");
}

/// <summary>Signals of a stop ladder, with their Linux numbers (signal(7), x86-64 and arm64).</summary>
[JsonConverter(typeof(SnakeCaseEnum<StopSignal>))]
public enum StopSignal
{
    Hup = 1,
    Int = 2,
    Quit = 3,
    Kill = 9,
    Usr1 = 10,
    Usr2 = 12,
    Term = 15,
}
