using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Fleet.Grants;
using Fleet.Host.Sandboxes;
using Fleet.RootTasks;

namespace Fleet.Host.Hosts;

/// <summary>Whether root's own files about grants are root's alone, and whether by them the right number of people can have root here.</summary>
internal static class RootPolicyChecks
{
    private const string PolicyLine = "root policy", KeysLine = "approvers' keys";

    public static ImmutableArray<DoctorLine> All(AgentIdentity agent, RootPlaces places)
    {
        var opened = RootsPath.Read(places.Policy, out var bytes);
        if (opened is not RootsPath.Found)
        {
            return [opened is RootsPath.Absent ? None(places) : opened.Line(PolicyLine), .. Keys(null, places)];
        }

        try
        {
            var policy = RootPolicy.Read(bytes);
            return
            [
                Fits(policy, agent, places), Threshold(policy, places), .. policy.Jobs is { } jobs ? [Jobs(jobs, SubIds.Read(agent.Name, agent.Uid), places)] : (DoctorLine[])[],
                .. Keys(policy, places),
            ];
        }
        catch (JsonException e)
        {
            return [DoctorLine.Fail(PolicyLine, $"{places.Policy}: {e.Message}", "write what the message asks for: until then every grant is denied here"), .. Keys(null, places)];
        }
    }

    private static DoctorLine None(RootPlaces places) =>
        DoctorLine.Warn(PolicyLine, "there is none: no grant can be used on this host", $"as root, write {places.Policy}");

    private static DoctorLine Fits(RootPolicy policy, AgentIdentity agent, RootPlaces places) => policy.Agent == agent.Uid
        ? DoctorLine.Ok(PolicyLine, $"{policy.Host} of {policy.Fleet}, for uid {policy.Agent}")
        : DoctorLine.Fail(PolicyLine, $"it lets uid {policy.Agent} ask, and {agent.Name} {(agent.Uid == uint.MaxValue ? "is no user here" : $"is uid {agent.Uid}")}",
            $"let agent be the uid of {agent.Name} in {places.Policy}");

    /// <summary>Allowed, as a host may be one person's; but never so that nobody notices.</summary>
    public static DoctorLine Threshold(RootPolicy policy, RootPlaces places)
    {
        const string Name = "root threshold";
        return policy switch
        {
            { Threshold: 1, RequesterCounts: true } => Loud("one person alone can have root here: the threshold is 1, and who asks counts", "threshold be 2 or more"),
            { BreakGlass.RequesterCounts: true } => Loud("one person alone can have root here, by break-glass: who asks counts", "requester_counts of break_glass be false"),
            { Threshold: 1 } => Loud("one person alone decides about root here: the threshold is 1", "threshold be 2 or more"),
            { RequesterCounts: true } => Loud($"who asks for root counts as one of the {policy.Threshold} who approve", "requester_counts be false"),
            _ => DoctorLine.Ok(Name, $"{policy.Threshold} people sign, who asks not among them"),
        };

        DoctorLine Loud(string detail, string change) => DoctorLine.Warn(Name, detail, $"let {change} in {places.Policy}");
    }

    /// <summary>Whose ids a job may have: of others than the agent's they would make it somebody of this host.</summary>
    /// <param name="ids">The agent's.</param>
    public static DoctorLine Jobs(JobsPolicy jobs, SubIds ids, RootPlaces places)
    {
        const string Name = "root's jobs";
        return jobs.FirstUid == ids.FirstUid && jobs.FirstGid == ids.FirstGid && jobs.Slices <= ids.Slices
            ? DoctorLine.Ok(Name, $"below {jobs.BoshRoot}, with {(jobs.Most is { } most ? $"at most {most}" : "whatever is granted")}")
            : DoctorLine.Fail(
                Name, $"jobs get {jobs.Slices} slices of the ids from {jobs.FirstUid}:{jobs.FirstGid} on, and the agent's sub-ids are {ids.Slices} from {ids.FirstUid}:{ids.FirstGid} on",
                $"let first_uid, first_gid and slices of jobs in {places.Policy} be those of the agent's user in /etc/subuid and /etc/subgid");
    }

    private static DoctorLine[] Keys(RootPolicy? policy, RootPlaces places) => RootsPath.Read(places.Signers, out var bytes) switch
    {
        RootsPath.Found => [Keys(AllowedSigners.Read(Encoding.UTF8.GetString(bytes)), policy, places)],
        RootsPath.Absent when policy is null => [],
        RootsPath.Absent => [DoctorLine.Fail(KeysLine, "there are none: no grant can be used on this host", $"as root, write {places.Signers}")],
        var other => [other.Line(KeysLine)],
    };

    private static DoctorLine Keys(AllowedSigners signers, RootPolicy? policy, RootPlaces places)
    {
        string[] wrong = [.. signers.Mistakes.Select(m => $"{m.Path}: {m.Message}"), .. policy is null ? [] : TooFew(signers, policy)];
        return wrong.Length == 0
            ? DoctorLine.Ok(KeysLine, $"{signers.Signers.Length}, of {signers.Of(SignatureNamespaces.Grant).Count} people who can approve")
            : DoctorLine.Fail(KeysLine, string.Join("; ", wrong), $"as root, mend {places.Signers}: one name for each person, and for each name its own keys");
    }

    // Who asks signs the request with a key of this file too.
    private static IEnumerable<string> TooFew(AllowedSigners signers, RootPolicy policy)
    {
        var approvers = signers.Of(SignatureNamespaces.Grant);
        if (approvers.Count < policy.Threshold)
        {
            yield return $"{approvers.Count} can approve, and the threshold is {policy.Threshold}";
        }
        else if (!signers.Of(SignatureNamespaces.Request).Any(who => approvers.Count - (!policy.RequesterCounts && approvers.Contains(who) ? 1 : 0) >= policy.Threshold))
        {
            yield return $"whoever asks, fewer than the threshold of {policy.Threshold} are left to approve";
        }

        foreach (var team in policy.RequiredTeams.Where(team => !team.Principals.Any(approvers.Contains)))
        {
            yield return $"nobody of the required team {team.Name} has a key";
        }
    }
}
