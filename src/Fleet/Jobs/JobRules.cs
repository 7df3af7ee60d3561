using System.Collections.Immutable;
using Fleet.Processes;

namespace Fleet.Jobs;

/// <summary>
/// What a job must keep beside the types of its values. Checked where a job file is read and again by whoever takes a job up: the answer
/// is every rule that is broken, in the order of the file. The rules that BPM has are in its <c>ProcessConfig.Validate</c>.
/// </summary>
public static partial class JobRules
{
    public const int MaxProcesses = 1000;

    /// <param name="boshRoot">BPM's root on the host; paths may be given in its terms or in those of a sandbox (/var/vcap).</param>
    public static ImmutableArray<Mistake> Check(JobSpec spec, string boshRoot) =>
    [
        .. CheckCount(spec),
        .. CheckUniqueNames(spec),
        .. spec.Processes.SelectMany((process, i) => CheckProcess(process, spec.Id, boshRoot, $"processes[{i}]")),
        .. CheckFiles(spec.Files),
    ];

    private static IEnumerable<Mistake> CheckCount(JobSpec spec) => spec.Processes.Length switch
    {
        0 => [new Mistake("processes", "a job has at least one process; name one under processes")],
        > MaxProcesses => [new Mistake("processes", $"a job has at most {MaxProcesses} processes and this one has {spec.Processes.Length}; make it several jobs")],
        _ => [],
    };

    private static IEnumerable<Mistake> CheckUniqueNames(JobSpec spec)
    {
        var first = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < spec.Processes.Length; i++)
        {
            var name = spec.Processes[i].Name;
            if (name.Length > 0 && !first.TryAdd(name, i))
            {
                yield return new Mistake($"processes[{i}].name", $"process names are unique in a job, and processes[{first[name]}] is named '{name}' already; rename one");
            }
        }
    }

    private static IEnumerable<Mistake> CheckProcess(ProcessSpec process, JobId job, string boshRoot, string at) =>
    [
        .. CheckProgram(process, at),
        .. CheckEnv(process, at),
        .. CheckCapabilities(process.Capabilities, $"{at}.capabilities"),
        .. CheckLimits(process.Limits, $"{at}.limits"),
        .. CheckVolumes(process.AdditionalVolumes, job, boshRoot, $"{at}.additional_volumes"),
        .. CheckUnrestricted(process.Unsafe.UnrestrictedVolumes, $"{at}.unsafe.unrestricted_volumes"),
        .. CheckRestart(process.Restart, $"{at}.restart"),
        .. process.Health is { } health ? CheckHealth(health, $"{at}.health") : [],
        .. process.User is { } user ? CheckUser(user, $"{at}.user") : [],
        .. CheckPrivileges(process.Privileges, $"{at}.privileges"),
        .. CheckInside(process, job, $"{at}.health.exec"),
    ];

    private static IEnumerable<Mistake> Broken(bool broken, string path, string message) => broken ? [new Mistake(path, message)] : [];
}
