using System.Collections.Immutable;
using Fleet.Privileges;

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
        privileges.SelectMany((privilege, i) => privilege is Privilege.UnrestrictedVolume volume ? CheckHostPath(volume.Path, $"{at}[{i}]") : []);
}
