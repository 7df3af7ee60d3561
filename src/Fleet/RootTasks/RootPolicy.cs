using System.Collections.Immutable;
using System.Text.Json;
using Fleet.Grants;
using Fleet.Jobs;
using Fleet.Privileges;
using Fleet.Sandboxes;

namespace Fleet.RootTasks;

/// <summary>
/// What root on this host has decided about grants, in a file that only root can change. The host's own name and labels stand here, for a request must not
/// say which host it is on. Every member is there: nothing about root has a default.
/// </summary>
/// <param name="FleetRootPolicy">The format's number, 1.</param>
/// <param name="Agent">The user id that may ask; root itself may not, for it needs no grant.</param>
/// <param name="Threshold">How many people must have signed, at least 1.</param>
/// <param name="RequesterCounts">Whether who asked may be one of them.</param>
/// <param name="RequiredTeams">Of each of these at least one person must have signed.</param>
/// <param name="LongestTimeoutSeconds">Of a root task.</param>
/// <param name="LongestWindowSeconds">From a grant's not_before to its not_after.</param>
/// <param name="BreakGlass">Null: there is none on this host.</param>
/// <param name="Jobs">Null, or not there: no job has more than the baseline on this host, whatever was granted.</param>
public sealed record RootPolicy(
    int FleetRootPolicy,
    string Fleet,
    string Host,
    ImmutableSortedDictionary<string, string> Labels,
    int Agent,
    int Threshold,
    bool RequesterCounts,
    ImmutableArray<Team> RequiredTeams,
    int LongestTimeoutSeconds,
    int LongestWindowSeconds,
    BreakGlassPolicy? BreakGlass,
    JobsPolicy? Jobs = null)
{
    public const int Version = 1;

    /// <exception cref="JsonException">Not this format to the letter, or a value that would let anybody in; the message says which.</exception>
    public static RootPolicy Read(ReadOnlySpan<byte> bytes)
    {
        var policy = JsonSerializer.Deserialize(bytes, RootJson.Default.RootPolicy) ?? throw new JsonException("a policy is an object, not null");
        return policy.Broken().FirstOrDefault() is { } rule ? throw new JsonException(rule) : policy;
    }

    private IEnumerable<string> Broken() =>
    [
        .. Unless(FleetRootPolicy == Version, $"this version reads format {Version} of a policy; got {FleetRootPolicy}"),
        .. Unless(Fleet.Length > 0, "a policy names its fleet"),
        .. Unless(Host.Length > 0, "a policy names its host"),
        .. Unless(Labels.Values.All(value => value is not null), "a label has a value"),
        .. Unless(Agent > 0, $"the agent is an ordinary user; got uid {Agent}"),
        .. Unless(Threshold >= 1, $"the threshold is at least 1; got {Threshold}"),
        .. Unless(RequiredTeams.All(team => team is { Principals.IsEmpty: false }), "a required team has principals"),
        .. Unless(LongestTimeoutSeconds >= 1, $"the longest timeout is at least 1 s; got {LongestTimeoutSeconds}"),
        .. Unless(LongestWindowSeconds >= 1, $"the longest window is at least 1 s; got {LongestWindowSeconds}"),
        .. Unless(BreakGlass is not { LongestWindowSeconds: < 1 }, "the longest window of break-glass is at least 1 s"),
        .. Jobs?.Broken() ?? [],
    ];

    internal static string[] Unless(bool holds, string rule) => holds ? [] : [rule];
}

/// <param name="Principals">As <c>allowed_signers</c> names them.</param>
public sealed record Team(string Name, ImmutableArray<string> Principals);

/// <summary>One signature is enough, for a short while, and somebody else has to sign a review.</summary>
public sealed record BreakGlassPolicy(bool RequesterCounts, int LongestWindowSeconds);

/// <summary>What root on this host has decided about jobs that have more than the baseline.</summary>
/// <param name="BoshRoot">BPM's root on this host, such as <c>/var/vcap</c>: the agent's <c>fleet.host.bosh-root</c>. It names no path itself.</param>
/// <param name="FirstUid">The agent's first sub-id (subuid(5)): whose folders the jobs' are, and who they run as where they are not root.</param>
/// <param name="Slices">How many slices of 65,536 ids follow from there.</param>
/// <param name="Most">What a job may have here at most, whatever was granted; null: what was.</param>
/// <param name="KeepRunning">Whether a grant may let a job's processes go on when its window is over, and so for as long as they live.</param>
public sealed record JobsPolicy(string BoshRoot, long FirstUid, long FirstGid, int Slices, PrivilegeSet? Most, bool KeepRunning = false)
{
    internal IEnumerable<string> Broken() =>
    [
        .. RootPolicy.Unless(BoshRoot is ['/', _, ..] && JobRules.Canonical(BoshRoot) == BoshRoot, $"bosh_root is an absolute path without '.', '..' and doubled slashes; got '{BoshRoot}'"),
        .. RootPolicy.Unless(FirstUid > 0 && FirstGid > 0, "the first sub-ids are of nobody, and so above 0"),
        .. RootPolicy.Unless(Slices >= 1 && Math.Max(FirstUid, FirstGid) + ((long)Slices * IdSlices.Size) <= int.MaxValue, "there is at least 1 slice, and ids end at 2^31"),
    ];
}
