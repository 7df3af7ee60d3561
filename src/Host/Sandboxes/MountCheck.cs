using Fleet.Host.Linux;
using Fleet.Sandboxes;

namespace Fleet.Host.Sandboxes;

/// <summary>
/// Compares what is mounted in a sandbox with what was asked, after the runtime has mounted it and before the program runs. A job that is running can swap
/// a folder for a link between any look and the mount; here it shows, because the kernel tells what it mounted and not by which name.
/// </summary>
internal static class MountCheck
{
    private static readonly string[] Restrictions = ["nosuid", "nodev", "noexec", "ro"];

    /// <summary>Where each bind mount's source really lies; looked up before the start.</summary>
    /// <exception cref="StartRefused">A link stands where a job could have put it.</exception>
    public static IReadOnlyList<(OciMount Mount, string Path)> Expect(OciConfig config) =>
        [.. config.Mounts.Where(m => m.Type == "bind").Select(m => (m, TrustedPath.Resolve(m.Source)))];

    /// <exception cref="StartRefused">Something else is mounted, or with less restrictions.</exception>
    public static void Verify(int pid, IReadOnlyList<(OciMount Mount, string Path)> expected)
    {
        var ours = MountTable.Of("self") ?? throw new InvalidOperationException("/proc/self/mountinfo cannot be read");
        var theirs = MountTable.Of($"{pid}") ?? throw new StartRefused(StartFailureCode.RuntimeFailed, "the sandbox ended before its program was started");
        foreach (var (mount, path) in expected)
        {
            var (device, root) = ours.Locate(path);
            var found = theirs.At(mount.Destination)
                ?? throw new StartRefused(StartFailureCode.FilesRefused, $"nothing is mounted at {mount.Destination} in the sandbox: a link stands on its way; remove it");
            if (found.Device != device || found.Root != root)
            {
                throw new StartRefused(
                    StartFailureCode.FilesRefused, $"{mount.Source} leads to {found.Root} and not to {root}: a link stands on its way; remove it");
            }

            if (Restrictions.Where(mount.Options.Contains).FirstOrDefault(r => !found.Options.Contains(r)) is { } lost)
            {
                throw new StartRefused(StartFailureCode.VerificationFailed, $"{mount.Destination} is mounted without {lost}: {string.Join(',', found.Options)}");
            }
        }
    }
}
