using System.Collections.Immutable;
using Fleet.Jobs;

namespace Fleet.Hosts;

/// <summary>
/// When the stopped jobs are looked through for a slice to give back: at once for a job that has just come to wait, and when one has come to rest; the same
/// ones again only after a pause of <see cref="Pause"/> times what the last look took, for it reads all that they keep. Pure: it owns no clock and no timer.
/// </summary>
public sealed record SliceSearch
{
    public static readonly SliceSearch None = new();

    public static readonly TimeSpan Least = TimeSpan.FromSeconds(10), Most = TimeSpan.FromMinutes(5);

    public const int Pause = 9;

    private ImmutableHashSet<JobId> seekers = [];
    private ImmutableHashSet<JobId> idle = [];
    private DateTimeOffset begun;
    private DateTimeOffset ended;
    private bool isOn;

    private SliceSearch()
    {
    }

    /// <summary>The jobs that are being looked through: any of them may have given its slice back by now, so what is wanted of it has to wait.</summary>
    public ImmutableHashSet<JobId> Searched => isOn ? idle : [];

    /// <summary>The search as it goes on, and whether a look begins now; if so, <see cref="End"/> is called after it.</summary>
    /// <param name="waiting">Jobs without a slice.</param>
    /// <param name="resting">Jobs whose slice could be given back.</param>
    public (SliceSearch Search, bool Begins) Look(DateTimeOffset now, IEnumerable<JobId> waiting, IEnumerable<JobId> resting)
    {
        if (isOn)
        {
            return (this, false);
        }

        var (wait, rest) = (waiting.ToImmutableHashSet(), resting.ToImmutableHashSet());
        var begins = !wait.IsEmpty && (!wait.IsSubsetOf(seekers) || !rest.IsSubsetOf(idle) || !IsPause(now));
        return begins
            ? (this with { seekers = wait, idle = rest, begun = now, isOn = true }, true)
            : (this with { seekers = seekers.Intersect(wait), idle = idle.Intersect(rest) }, false); // Who waits or rests anew later, is new.
    }

    public SliceSearch End(DateTimeOffset now) => this with { ended = now, isOn = false };

    // Before its own end it is only by a clock that was set back.
    private bool IsPause(DateTimeOffset now) => now >= ended && now - ended < TimeSpan.FromTicks(Math.Clamp(((ended - begun) * Pause).Ticks, Least.Ticks, Most.Ticks));
}
