using System.Collections.Immutable;
using Fleet.Grants;

namespace Fleet.Processes;

/// <summary>By what a process may run now, as its host was told. Whether it is root's will too, the root helper says at the start.</summary>
public abstract record Permit
{
    private Permit()
    {
    }

    /// <summary>
    /// Grants of its job by which nothing goes on: taken back, or over and not to be outlived. What was started by one of them ends, whatever else covers it, for its host's
    /// root ends it too: it is started again by what does.
    /// </summary>
    public ImmutableArray<GrantId> Lost { get; init; } = [];

    /// <summary>It asks for nothing that must be granted.</summary>
    public sealed record Baseline : Permit;

    public sealed record Granted(JobGrant Grant) : Permit;

    /// <summary>It is not started.</summary>
    /// <param name="Why">What it needs and lacks, and the way out. The same as long as nothing has changed.</param>
    /// <param name="KeepsRunning">What runs goes on: its grant ended by time alone, and has it so.</param>
    public sealed record Missing(string Why, bool KeepsRunning) : Permit;

    /// <summary>Null: it needs none, or has none.</summary>
    public GrantId? GrantId => (this as Granted)?.Grant.Id;

    /// <summary>Whether what was started by a grant has to end.</summary>
    /// <param name="by">Null: it needed none when it was started.</param>
    public bool Ends(GrantId? by) => this is Missing { KeepsRunning: false } || (by is { } grant && Lost.Contains(grant));
}
