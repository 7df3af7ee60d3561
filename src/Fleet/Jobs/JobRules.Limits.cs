using Fleet.Processes;

namespace Fleet.Jobs;

public static partial class JobRules
{
    private static IEnumerable<Mistake> CheckLimits(Limits limits, string at) =>
    [
        .. Broken(limits.Memory <= 0, $"{at}.memory", $"a memory limit is above 0 bytes; got {limits.Memory}"),
        .. Broken(limits.Processes is 0 or < -1, $"{at}.processes", $"a limit of processes is at least 1, or -1 for none; got {limits.Processes}"),
        .. Broken(limits.Cpu is < 0.01m or > 1024, $"{at}.cpu", FormattableString.Invariant($"a cpu limit is from 0.01 to 1024 CPUs; got {limits.Cpu}")),
    ];
}
