using System.Collections.Immutable;
using Fleet.Hosts;

namespace Fleet.Host.Hosts;

// Stand in for the real ones until they are merged.
public sealed record UpOptions(string Dir);

public static class Up
{
    public static Task<int> Run(UpOptions options) => throw new NotSupportedException(options.Dir);
}

public sealed record HostInitOptions
{
    public string User { get; init; } = "fleet";

    public string State { get; init; } = "/var/lib/fleet";

    public string Bosh { get; init; } = "/var/lib/fleet/vcap";

    public string CgroupName { get; init; } = "fleet";
}

public enum HostInitOutcome
{
    AlreadySo,
    Done,
    Failed,
}

public sealed record HostInitLine(string Name, HostInitOutcome Outcome, string Detail, string? Remedy = null);

public static class HostInit
{
    public static Task<ImmutableArray<HostInitLine>> Run(HostInitOptions options) => throw new NotSupportedException(options.User);
}

public enum DoctorStatus
{
    Ok,
    Warn,
    Fail,
}

public sealed record DoctorLine(string Name, DoctorStatus Status, string Detail, string? Remedy);

public static class Doctor
{
    public static Task<ImmutableArray<DoctorLine>> Run() => Task.FromResult<ImmutableArray<DoctorLine>>([new("kernel", DoctorStatus.Ok, "placeholder", null)]);
}

public static class AgentProcess
{
    /// <summary>The pid of the agent that owns the folder; null: none runs.</summary>
    public static int? Find(HostPaths paths) => File.Exists(paths.Lock) ? null : null;
}
