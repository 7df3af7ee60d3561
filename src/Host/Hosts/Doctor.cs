using System.Collections.Immutable;
using Fleet.Host.Sandboxes;

namespace Fleet.Host.Hosts;

public enum DoctorStatus
{
    Ok,

    /// <summary>Works, but not all that could be asked for can be enforced, or it could not be told.</summary>
    Warn,

    /// <summary>Jobs cannot run, or not with the isolation that is promised.</summary>
    Fail,
}

/// <param name="Remedy">Null where nothing is to be done.</param>
public sealed record DoctorLine(string Name, DoctorStatus Status, string Detail, string? Remedy)
{
    internal static DoctorLine Ok(string name, string detail) => new(name, DoctorStatus.Ok, detail, null);

    internal static DoctorLine Warn(string name, string detail, string? remedy) => new(name, DoctorStatus.Warn, detail, remedy);

    internal static DoctorLine Fail(string name, string detail, string remedy) => new(name, DoctorStatus.Fail, detail, remedy);
}

/// <summary><c>fleet doctor</c>: what this host can enforce. Changes nothing and works as any user; as an ordinary one, some attempts are made as that user.</summary>
public static class Doctor
{
    /// <param name="options">What the host should be prepared for; the defaults where none are given.</param>
    /// <param name="sandboxes">What its agent is to use; the defaults where it is not given.</param>
    /// <param name="places">What on it decides about root; that of the options where it is not given.</param>
    public static async Task<ImmutableArray<DoctorLine>> Run(HostInitOptions? options = null, SandboxSettings? sandboxes = null, RootPlaces? places = null)
    {
        options ??= new HostInitOptions();
        sandboxes ??= new SandboxSettings { Paths = options.Paths };
        return
        [
            KernelChecks.Version(File.ReadAllText("/proc/sys/kernel/osrelease").Trim()),
            KernelChecks.Seccomp(),
            await KernelChecks.UserNamespaces(options),
            KernelChecks.Cgroups(CgroupLayout.Read()),
            KernelChecks.SwapLimit(CgroupLayout.Read()),
            .. await ProgramChecks.All(sandboxes),
            .. Requirements.Of(options).Select(Line),
            AgentGroups.Listed(options.User),
            .. AgentGroups.Held(options.Paths),
            .. Requirements.OfRoot(options).Select(Line).Select(AtMostWarn),
            .. RootChecks.All(AgentIdentity.Of(options.User), options.Paths, places ?? options.Root),
            HostStateChecks.Disk(options.State),
            HostStateChecks.OpenFiles(),
            HostStateChecks.Clock(DateTimeOffset.UtcNow),
        ];
    }

    // Without them jobs run all the same, and nobody has root.
    private static DoctorLine AtMostWarn(DoctorLine line) => line with { Status = line.Status == DoctorStatus.Fail ? DoctorStatus.Warn : line.Status };

    private static DoctorLine Line(Requirement requirement) => requirement.Check() switch
    {
        Finding.Ok ok => DoctorLine.Ok(requirement.Name, ok.Detail),
        Finding.Missing missing => DoctorLine.Fail(requirement.Name, missing.Detail, missing.Remedy),
        _ => throw new System.Diagnostics.UnreachableException(),
    };
}
