using Fleet.Grants;
using Fleet.Ledger;

namespace Fleet.Actors.Grants;

/// <summary>What the Grants actor (control) answers; each is answered with a <see cref="GrantReply"/>, a change only after its events are on disk.</summary>
public abstract record GrantMessage(GrantId Grant)
{
    /// <summary>A command on a grant. Its signatures were verified, over the grant's very bytes and in the namespace of what is asked; nobody verifies them again.</summary>
    /// <param name="Grant">Of a request: the id in its document.</param>
    public sealed record Do(GrantId Grant, GrantCommand Command, Cause Cause) : GrantMessage(Grant);

    public sealed record Get(GrantId Grant) : GrantMessage(Grant);
}

/// <summary>Answered with an ImmutableArray of <see cref="Grant"/>, the one whose window begins first in front.</summary>
public sealed record ListGrants
{
    public static readonly ListGrants Instance = new();
}

public abstract record GrantReply
{
    private GrantReply()
    {
    }

    /// <param name="Grant">As it is now; never absent.</param>
    /// <param name="Changed">False: it was so already, and nothing was written.</param>
    /// <param name="Use">The number of the use that was begun; null: none was.</param>
    public sealed record Accepted(Grant Grant, bool Changed, int? Use = null) : GrantReply;

    public sealed record Refused(Refusal Refusal) : GrantReply;
}
