using System.Globalization;
using Fleet.Processes;
using Fleet.Sandboxes;
using Microsoft.Extensions.Logging;

namespace Fleet.Host.Sandboxes;

/// <summary>Looks up what specifications need to know of this host.</summary>
internal static class HostSurvey
{
    public static HostFacts Facts(SandboxSettings settings, OciRuntime runtime, ILogger log) => new()
    {
        Paths = settings.Paths,
        Tini = settings.Tini,
        Vcap = Vcap("/etc/passwd"),
        Existing = [.. OciMounts.System.Concat(OciMounts.Resolver).Where(Directory.Exists)],
        Seccomp = runtime.Seccomp(log),
        Secret = digest => File.Exists(settings.Paths.Content(digest)) ? File.ReadAllText(settings.Paths.Content(digest)) : null,
    };

    private static UserIds? Vcap(string passwd) =>
        File.ReadLines(passwd).Select(l => l.Split(':')).FirstOrDefault(f => f is ["vcap", _, _, _, ..]) is { } fields
        && int.TryParse(fields[2], CultureInfo.InvariantCulture, out var uid) && uid is > 0 and < IdSlices.Size
        && int.TryParse(fields[3], CultureInfo.InvariantCulture, out var gid) && gid is > 0 and < IdSlices.Size
            ? new UserIds(uid, gid)
            : null;
}
