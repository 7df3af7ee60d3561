using Fleet.Hosts;

namespace Fleet.Host.Hosts;

/// <summary>What a host is prepared for. The defaults are those of an installed host; <c>fleet up --dir DIR</c> has its own folders.</summary>
public sealed record HostInitOptions
{
    public const string DefaultState = "/var/lib/fleet";

    /// <summary>The ordinary user that the agent runs as, and its group's name.</summary>
    public string User { get; init; } = "fleet";

    public string State { get; init; } = DefaultState;

    public string Bosh { get; init; } = $"{DefaultState}/vcap";

    /// <summary>The cgroup below each controller's root that the agent may fill.</summary>
    public string CgroupName { get; init; } = "fleet";

    /// <summary>Slices of 65,536 sub-ids, one for each job that runs or keeps something; 1 to 1000.</summary>
    public int Slices { get; init; } = 256;

    public HostPaths Paths => new(State, Bosh);

    /// <summary>The command that prepares a host so: what is not the default, as its options.</summary>
    public string Command => string.Join(' ', new[]
    {
        "sudo fleet host init",
        User == Default.User ? "" : $"--user {User}",
        State == Default.State ? "" : $"--state {State}",
        Bosh == Default.Bosh ? "" : $"--bosh-root {Bosh}",
        CgroupName == Default.CgroupName ? "" : $"--cgroup {CgroupName}",
    }.Where(word => word.Length > 0));

    private static HostInitOptions Default { get; } = new();
}
