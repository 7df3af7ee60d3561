using System.Collections.Immutable;
using Fleet.Grants;
using Fleet.Privileges;

namespace Fleet.Jobs;

/// <summary>By what a job may run.</summary>
public abstract record JobCover
{
    private JobCover()
    {
    }

    /// <summary>It asks for nothing that must be granted.</summary>
    public sealed record Baseline : JobCover;

    public sealed record Granted(GrantDocument By) : JobCover;

    /// <summary>Nothing lets it run.</summary>
    /// <param name="Nearest">Null: nobody has asked for a grant for it.</param>
    public sealed record Missing(ImmutableArray<MissingPrivileges> Processes, NearestGrant? Nearest) : JobCover;
}

/// <param name="Privileges">Never the baseline.</param>
public sealed record MissingPrivileges(string Process, PrivilegeSet Privileges);

/// <summary>Of the grants for a job that do not cover it, the one that lacks least.</summary>
/// <param name="Why">Every reason; at least one.</param>
public sealed record NearestGrant(GrantId Grant, ImmutableArray<string> Why)
{
    public override string ToString() => $"{Grant} does not cover it: {string.Join("; ", Why)}";
}
