using System.Collections.Immutable;
using Fleet.Host.Linux;

namespace Fleet.Host.Hosts;

/// <summary>What became of one requirement.</summary>
public enum HostInitOutcome
{
    /// <summary>Nothing was changed.</summary>
    AlreadySo,
    Done,
    Failed,
}

/// <param name="Detail">What is, what was done, or what went wrong.</param>
/// <param name="Remedy">Only where it failed.</param>
public sealed record HostInitLine(string Name, HostInitOutcome Outcome, string Detail, string? Remedy = null);

/// <summary><c>fleet host init</c>: makes a host ready for an agent. Idempotent; a second run changes nothing.</summary>
public static class HostInit
{
    /// <summary>One line for each requirement, in order. Goes on after a failure, so that all of them are known at once; but not without the user.</summary>
    public static async Task<ImmutableArray<HostInitLine>> Run(HostInitOptions options)
    {
        if (Credentials.EffectiveUser() != 0)
        {
            return [new("root", HostInitOutcome.Failed, "preparing a host needs root, once", "sudo fleet host init")];
        }

        if (options.Mistake is { } mistake)
        {
            return [mistake];
        }

        var lines = ImmutableArray.CreateBuilder<HostInitLine>();
        foreach (var requirement in Requirements.Of(options).AddRange(Requirements.OfRoot(options)))
        {
            lines.Add(await Establish(requirement));
            if (requirement is UserRequirement && lines[^1].Outcome == HostInitOutcome.Failed)
            {
                return lines.ToImmutable(); // All that follows would be given to a user who is not the agent's.
            }
        }

        lines.Add(Policy(options.Root));
        return lines.ToImmutable();
    }

    // Who may have root here and how, nobody but people can say.
    private static HostInitLine Policy(RootPlaces root) => new("root policy", HostInitOutcome.AlreadySo, File.Exists(root.Policy)
        ? root.Policy
        : $"there is none, and nothing can run as root by grants: docs/root.md says what root writes to {root.Policy}");

    private static async Task<HostInitLine> Establish(Requirement requirement)
    {
        try
        {
            if (requirement.Check() is Finding.Ok ok)
            {
                return new(requirement.Name, HostInitOutcome.AlreadySo, ok.Detail);
            }

            var done = await requirement.Establish();
            return requirement.Check() is Finding.Missing still
                ? new(requirement.Name, HostInitOutcome.Failed, $"{done}, and yet {still.Detail}", still.Remedy)
                : new(requirement.Name, HostInitOutcome.Done, done);
        }
        catch (HostInitException e)
        {
            return new(requirement.Name, HostInitOutcome.Failed, e.Message, e.Remedy);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new(requirement.Name, HostInitOutcome.Failed, e.Message, "see the reason, then run it again");
        }
    }
}

/// <summary>The requirements of jobs, looked at without changing anything; works as any user.</summary>
public static class HostCheck
{
    /// <summary>What is missing, as messages with their remedies; empty: the host is ready.</summary>
    public static ImmutableArray<HostInitLine> Missing(HostInitOptions options) => [.. Requirements.Of(options)
        .Select(requirement => (requirement.Name, Finding: requirement.Check() as Finding.Missing))
        .Where(pair => pair.Finding is not null)
        .Select(pair => new HostInitLine(pair.Name, HostInitOutcome.Failed, pair.Finding!.Detail, pair.Finding.Remedy))];
}
