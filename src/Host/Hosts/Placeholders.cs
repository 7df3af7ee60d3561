using System.Collections.Immutable;

namespace Fleet.Host.Hosts;

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
