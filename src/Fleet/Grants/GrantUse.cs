using System.Collections.Immutable;
using System.Diagnostics;
using Fleet.RootTasks;

namespace Fleet.Grants;

/// <summary>One use of a grant on one host, as the fleet knows it. The host's root log is the truth about it.</summary>
/// <param name="Number">From 1 to the grant's uses per host. Of one that was refused it is free again, unless the host has burnt it.</param>
public sealed record GrantUse(string Host, int Number, UseState State);

public enum UseState
{
    /// <summary>The host was asked; until it answers, anything may have happened.</summary>
    Begun,
    Ended,
    Refused,
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
    /// <summary>The number that a host is to be asked for next. One that the host refused is asked for again, one that was burnt elsewhere is not.</summary>
    public static int Next(ImmutableArray<GrantUse> uses, string host) =>
        1 + uses.Where(u => u.Host == host && u.State != UseState.Refused).Select(u => u.Number).DefaultIfEmpty(0).Max();

    /// <exception cref="UnreachableException">The event cannot follow: the stream was tampered with or mixed up.</exception>
    public static ImmutableArray<GrantUse> Evolve(ImmutableArray<GrantUse> uses, GrantEvent @event) => @event switch
    {
        GrantEvent.UseBegun e when Find(uses, e.Host, e.Use) is null or { State: UseState.Refused } => Set(uses, e.Host, e.Use, UseState.Begun),
        GrantEvent.UseEnded e when IsOpen(uses, e.Host, e.Use) => Set(uses, e.Host, e.Use, UseState.Ended),

        // A number that another has burnt will not be had: the next is asked for.
        GrantEvent.UseRefused e when IsOpen(uses, e.Host, e.Use) => Set(uses, e.Host, e.Use, e.Code == RootDenial.UseTaken ? UseState.Lost : UseState.Refused),
        GrantEvent.UseLost e when IsOpen(uses, e.Host, e.Use) => Set(uses, e.Host, e.Use, UseState.Lost),
        _ => throw new UnreachableException($"{@event} cannot follow the uses {string.Join(", ", uses)}"),
    };

    /// <summary>Whether its end is not known yet; of a lost one it may still be learnt.</summary>
    public static bool IsOpen(ImmutableArray<GrantUse> uses, string host, int number) => Find(uses, host, number)?.State is UseState.Begun or UseState.Lost;

    public static GrantUse? Find(ImmutableArray<GrantUse> uses, string host, int number) => uses.FirstOrDefault(u => u.Host == host && u.Number == number);

    private static ImmutableArray<GrantUse> Set(ImmutableArray<GrantUse> uses, string host, int number, UseState state) =>
        [.. uses.Where(u => u.Host != host || u.Number != number), new GrantUse(host, number, state)];
}
