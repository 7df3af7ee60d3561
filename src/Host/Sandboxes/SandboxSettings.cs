using Fleet.Hosts;

namespace Fleet.Host.Sandboxes;

/// <summary>What <see cref="LinuxSandboxes"/> works with.</summary>
public sealed record SandboxSettings
{
    public required HostPaths Paths { get; init; }

    /// <summary>crun or runc, by its path (<see cref="OciRuntime.Rule"/>).</summary>
    public string Runtime { get; init; } = "/usr/bin/crun";

    public string Conmon { get; init; } = "/usr/bin/conmon";

    /// <summary>PID 1 of each sandbox; below /usr or another folder that every sandbox sees.</summary>
    public string Tini { get; init; } = "/usr/bin/tini";

    /// <summary>Path of the delegated cgroup below the controllers' roots.</summary>
    public string Cgroup { get; init; } = "fleet";

    /// <summary>Of the root helper, which starts what has more than the baseline.</summary>
    public string RootSocket { get; init; } = "/run/fleet-root/root.sock";

    /// <summary>Where the monitors of those say how they ended.</summary>
    public string RootExits => $"{Path.GetDirectoryName(RootSocket)}/exits";

    public SubIds SubIds { get; init; } = SubIds.OfMe();

    /// <summary>For everything from the call of conmon until the program itself runs.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How many starts go on at a time; more than there are cores only adds to each one's time.</summary>
    public int ParallelStarts { get; init; } = Math.Max(2, Environment.ProcessorCount);
}
