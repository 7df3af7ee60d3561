using System.Collections.Immutable;
using Fleet.Privileges;
using Fleet.Processes;

namespace Fleet.Jobs;

public static partial class JobRules
{
    // More than there are: BPM takes one that is named twice.
    private const int MaxCapabilities = 100;

    // BPM prefixes any word with CAP_ and the runtime only warns; a misspelt capability is then missing in silence.
    private static IEnumerable<Mistake> CheckCapabilities(ImmutableArray<string> capabilities, string at) =>
        capabilities.Length > MaxCapabilities
            ? [new Mistake(at, $"a process names at most {MaxCapabilities} capabilities; got {capabilities.Length}")]
            : capabilities.SelectMany((name, i) => Broken(
                !CapabilityNames.All.Contains(name), $"{at}[{i}]",
                $"'{name}' is not a capability of Linux{NearestWord.Hint(name, CapabilityNames.All)}"));

    private static IEnumerable<Mistake> CheckPrivileges(ImmutableArray<Privilege> privileges, string at) =>
        privileges.SelectMany((privilege, i) => privilege switch
        {
            Privilege.UnrestrictedVolume volume => CheckHostPath(volume.Path, $"{at}[{i}]"),
            Privilege.Device device => Broken(
                !IsDevice(device.Path), $"{at}[{i}]", $"a device is an absolute, canonical path below /dev; got '{device.Path}'"),
            Privilege.HostNetwork => [new Mistake($"{at}[{i}]", "a job has the host's network always; leave host_network out")],
            Privilege.Unconfined => [new Mistake($"{at}[{i}]", "a job always has a sandbox: unconfined is of root tasks alone; name what the job needs")],
            _ => [],
        });

    // The agent runs such a check, and in what is root's the agent runs nothing.
    private static IEnumerable<Mistake> CheckInside(ProcessSpec process, JobId job, string at) => Broken(
        process.Health is { Probe: HealthProbe.Exec } && !PrivilegeSet.Of(job, process).IsBaseline, at,
        "no command is run inside a process that asks for more than the baseline: check it by tcp or http");

    /// <summary>Whether a path may be that of a device: nothing else is looked at on the host.</summary>
    public static bool IsDevice(string path) => path.StartsWith("/dev/", StringComparison.Ordinal) && Canonical(path) == path;
}
