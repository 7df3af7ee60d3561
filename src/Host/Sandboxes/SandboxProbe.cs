using System.Collections.Immutable;
using Fleet.Processes;

namespace Fleet.Host.Sandboxes;

/// <summary>What this host lacks for sandboxes, each with its remedy.</summary>
public static class SandboxProbe
{
    private const UnixFileMode Executable = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    public static ImmutableArray<string> Probe(SandboxSettings settings) =>
    [
        .. Programs(settings).Where(p => !IsExecutable(p.Path)).Select(Describe),
        .. settings.SubIds.Slices == 0 ? [$"the agent's user has no sub-ids for one job (65537 are needed): {Cgroups.Remedy}"] : (string[])[],
        .. Cgroups.OfThisHost(settings.Cgroup).Missing(new Limits()) is { } missing ? [missing] : (string[])[],
    ];

    /// <summary>The first program that is not there; null if all are. Cheap: for every start.</summary>
    internal static string? Missing(SandboxSettings settings) =>
        Programs(settings).Where(p => !IsExecutable(p.Path)).Select(Describe).FirstOrDefault();

    private static IEnumerable<(string Path, string Package)> Programs(SandboxSettings settings) =>
    [
        (settings.Runtime, OciRuntime.NameOf(settings.Runtime) ?? throw new ArgumentException($"the runtime is '{settings.Runtime}'; it must be {OciRuntime.Rule}")),
        (settings.Conmon, "conmon"),
        (settings.Tini, "tini"),
        ("/usr/bin/newuidmap", "uidmap"),
        ("/usr/bin/unshare", "util-linux"),
    ];

    private static bool IsExecutable(string path) => File.Exists(path) && (File.GetUnixFileMode(path) & Executable) != 0;

    private static string Describe((string Path, string Package) program) =>
        $"{program.Path} is not there or not executable: apt-get install {program.Package}";
}
