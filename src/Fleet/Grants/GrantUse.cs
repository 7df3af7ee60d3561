using System.Collections.Immutable;
using System.Diagnostics;
using Fleet.RootTasks;

namespace Fleet.Grants;

/// <summary>One use of a grant on one host, as the fleet knows it. The host's root log is the truth about it.</summary>
/// <param name="Number">From 1 to the grant's uses per host. Of one that was refused it is free again, unless the host has burnt it.</param>
/// <param name="Begun">When the host was asked for it, the last time that it was.</param>
/// <param name="Since">When the fleet heard what has become of it.</param>
public sealed record GrantUse(string Host, int Number, UseState State, DateTimeOffset Begun, DateTimeOffset Since);

public enum UseState
{
    /// <summary>The host was asked; until it answers, anything may have happened.</summary>
    Begun,
    Ended,

    /// <summary>Nothing ran, and the use is not spent.</summary>
    Refused,

    /// <summary>Spent, for the host may have burnt it. What it ran is ended with its helper, or by the next one; how it ended may still be learnt.</summary>
    Lost,
}

/// <summary>What came of asking a host.</summary>
public abstract record UseOutcome
{
    private UseOutcome()
    {
    }

    /// <param name="Receipt">The helper's exact words, which it signed.</param>
    public sealed record Ended(int ExitCode, RootEnd How, string Receipt, string Signature) : UseOutcome;

    public sealed record Refused(RootDenial Code, string Detail) : UseOutcome;

    /// <summary>The connection ended without an answer.</summary>
    public sealed record Lost(string Why) : UseOutcome;
}

/// <summary>The uses of one grant. At most one state for each (host, number).</summary>
internal static class GrantUses
{
    /// <summary>The number that a host is to be asked for next: the first that is free. One that the host refused is asked for again, one that was burnt elsewhere is not.</summary>
    public static int Next(ImmutableArray<GrantUse> uses, string host)
    {
        var taken = uses.Where(u => u.Host == host && u.State != UseState.Refused).Select(u => u.Number).ToHashSet();
        return Enumerable.Range(1, taken.Count + 1).First(number => !taken.Contains(number));
    }

    /// <summary>Whether each of the hosts has had so many uses, and none runs. A refused one was not burnt, and is none.</summary>
    public static bool AreSpent(ImmutableArray<GrantUse> uses, ImmutableArray<string> hosts, int each)
    {
        var spent = uses.Where(u => u.State is UseState.Ended or UseState.Lost).CountBy(u => u.Host).ToDictionary();
        return uses.All(u => u.State != UseState.Begun) && hosts.All(host => spent.GetValueOrDefault(host) >= each);
    }

    /// <exception cref="UnreachableException">The event cannot follow: the stream was tampered with or mixed up.</exception>
    public static ImmutableArray<GrantUse> Evolve(ImmutableArray<GrantUse> uses, GrantEvent @event, DateTimeOffset at) => @event switch
    {
        GrantEvent.UseBegun e when Find(uses, e.Host, e.Use) is null or { State: UseState.Refused } => Set(uses, new GrantUse(e.Host, e.Use, UseState.Begun, at, at)),
        GrantEvent.UseEnded e when Open(uses, e.Host, e.Use) is { } use => Set(uses, use with { State = UseState.Ended, Since = at }),

        // A number that another has burnt will not be had: the next is asked for.
        GrantEvent.UseRefused e when Open(uses, e.Host, e.Use) is { } use => Set(uses, use with { State = e.Code == RootDenial.UseTaken ? UseState.Lost : UseState.Refused, Since = at }),
        GrantEvent.UseLost e when Open(uses, e.Host, e.Use) is { } use => Set(uses, use with { State = UseState.Lost, Since = at }),
        _ => throw new UnreachableException($"{@event} cannot follow the uses {string.Join(", ", uses)}"),
    };

    public static GrantUse? Find(ImmutableArray<GrantUse> uses, string host, int number) => uses.FirstOrDefault(u => u.Host == host && u.Number == number);

    // One whose end is not known yet; of a lost one it may still be learnt.
    private static GrantUse? Open(ImmutableArray<GrantUse> uses, string host, int number) =>
        Find(uses, host, number) is { State: UseState.Begun or UseState.Lost } use ? use : null;

    private static ImmutableArray<GrantUse> Set(ImmutableArray<GrantUse> uses, GrantUse use) => [.. uses.Where(u => u.Host != use.Host || u.Number != use.Number), use];
}
