using System.Collections.Immutable;
using System.Diagnostics;
using System.Text.Json.Serialization;
using Fleet.Grants;
using Fleet.Jobs;
using Fleet.Ledger;

namespace Fleet.Hosts;

/// <summary>The grants for jobs that a host was given. It keeps them when it is cut off; their windows end by its own clock.</summary>
/// <param name="Held">Each with the content that its digest stands for.</param>
/// <param name="Ended">Of the jobs' present contents: those that were revoked, and of each job the last that was over. In the order in which they ended.</param>
public sealed record HostGrants(ImmutableDictionary<GrantId, JobGrant> Held, ImmutableList<EndedGrant> Ended)
{
    public static readonly HostGrants None = new(ImmutableDictionary<GrantId, JobGrant>.Empty, []);

    /// <summary>When the next of them begins or ends; not in the future for one that is over and was not taken yet. Null: there is none.</summary>
    public DateTimeOffset? NextChange(DateTimeOffset now) =>
        Held.Values.Select(grant => (DateTimeOffset?)(grant.Document.NotBefore > now ? grant.Document.NotBefore : grant.Document.NotAfter)).Min();

    /// <summary>What a desired state changes: the events, in an order in which nothing is given before what it replaces is taken.</summary>
    public IEnumerable<HostEvent> Follow(DesiredState desired, DateTimeOffset now)
    {
        var wanted = desired.Grants.Where(grant => now < grant.Document.NotAfter && IsWhole(grant)).ToDictionary(grant => grant.Id);
        return
        [
            .. Held.Values.Where(grant => !wanted.ContainsKey(grant.Id)).Select(grant => new HostEvent.GrantTaken(grant.Id, WhyNot(grant, desired, now))),
            .. wanted.Values.Where(grant => !grant.Equals(Held.GetValueOrDefault(grant.Id))).Select(grant => new HostEvent.GrantGiven(grant)),
        ];
    }

    /// <summary>What time alone changes.</summary>
    public IEnumerable<HostEvent> Over(DateTimeOffset now) =>
        Held.Values.Where(grant => now >= grant.Document.NotAfter).Select(grant => new HostEvent.GrantTaken(grant.Id, GrantLoss.Over));

    /// <exception cref="UnreachableException">The event is none about grants, or cannot follow this state.</exception>
    internal HostGrants Evolve(HostEvent @event) => @event switch
    {
        HostEvent.GrantGiven e => new(Held.SetItem(e.Grant.Id, e.Grant), Ended.RemoveAll(ended => ended.Id == e.Grant.Id)),
        HostEvent.GrantTaken { Why: GrantLoss.Replaced } e when Held.ContainsKey(e.Grant) => this with { Held = Held.Remove(e.Grant) },
        HostEvent.GrantTaken e when Held.TryGetValue(e.Grant, out var grant) => new(Held.Remove(e.Grant), With(EndedGrant.Of(grant, e.Why))),
        _ => throw new UnreachableException($"{EventCatalog.NameOf(@event)} cannot follow the grants of this host"),
    };

    /// <summary>Its content is another, or it is gone: what ended before says nothing about it any more.</summary>
    internal HostGrants Forget(JobId job) => Ended.Exists(ended => ended.Job == job) ? this with { Ended = Ended.RemoveAll(ended => ended.Job == job) } : this;

    private ImmutableList<EndedGrant> With(EndedGrant last) =>
        Ended.RemoveAll(ended => last.Why == GrantLoss.Over && ended.Job == last.Job && ended.Why == GrantLoss.Over).Add(last);

    // The digest is what was signed; a content that is not its own would be judged by another's grant.
    private static bool IsWhole(JobGrant grant) => grant.Document.PrivilegedJob is { } job && job.Job == grant.Content.Id && job.Content == JobDigest.Of(grant.Content);

    private static GrantLoss WhyNot(JobGrant grant, DesiredState desired, DateTimeOffset now) => now switch
    {
        _ when now >= grant.Document.NotAfter => GrantLoss.Over,
        _ when !desired.Jobs.Any(job => job.Spec.Id == grant.Content.Id && JobDigest.Of(job.Spec) == grant.Document.PrivilegedJob!.Content) => GrantLoss.Replaced,
        _ => GrantLoss.Revoked,
    };
}

/// <summary>A grant that a host had, as far as something follows from its end.</summary>
public sealed record EndedGrant(GrantId Id, JobId Job, GrantLoss Why, AtEnd AtEnd, DateTimeOffset NotAfter)
{
    internal static EndedGrant Of(JobGrant grant, GrantLoss why) =>
        new(grant.Id, grant.Content.Id, why, grant.Document.PrivilegedJob!.AtEnd, grant.Document.NotAfter);
}

[JsonConverter(typeof(SnakeCaseEnum<GrantLoss>))]
public enum GrantLoss
{
    /// <summary>People took it back before its time.</summary>
    Revoked,

    /// <summary>Its window has ended.</summary>
    Over,

    /// <summary>The job has another content, or is gone.</summary>
    Replaced,
}
