using Fleet.Host.Linux;
using Fleet.Sandboxes;

namespace Fleet.Host.Sandboxes;

/// <summary>
/// Where a path really leads, as far as only root and the agent decide it. Their links are followed (BOSH has some); below the first folder that
/// somebody else can write, a link is refused, because it may be a job's trap: the runtime would mount what it points to with the agent's rights.
/// What cannot be looked into is taken as it is written; after the runtime has mounted it, <see cref="MountCheck"/> compares.
/// </summary>
internal static class TrustedPath
{
    private const int WritableByOthers = 0x12, Sticky = 0x200, MaxLinks = 40;

    /// <exception cref="StartRefused">A link stands where a job could have put it.</exception>
    public static string Resolve(string path) => Resolve(path, MaxLinks);

    private static string Resolve(string path, int links)
    {
        var (at, trusted) = ("", true);
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        for (var i = 0; i < parts.Length; i++)
        {
            if (Libc.Lstat($"{at}/{parts[i]}", out _) is not { } stat)
            {
                return $"{at}/{string.Join('/', parts[i..])}";
            }

            if (stat.IsLink)
            {
                at = Follow(at, parts[i], trusted && links > 0, links);
                continue;
            }

            at = $"{at}/{parts[i]}";
            trusted = trusted && IsTrusted(stat);
        }

        return at.Length == 0 ? "/" : at;
    }

    private static string Follow(string folder, string name, bool trusted, int links)
    {
        var link = $"{folder}/{name}";
        return trusted
            ? Resolve(Path.GetFullPath(new FileInfo(link).LinkTarget!, folder.Length == 0 ? "/" : folder), links - 1)
            : throw new StartRefused(StartFailureCode.FilesRefused, $"{link} is a link in a folder that the job can write: remove it");
    }

    private static bool IsTrusted(Libc.Stat stat) =>
        (stat.User == 0 || stat.User == Libc.EffectiveUser()) && ((stat.Mode & WritableByOthers) == 0 || (stat.Mode & Sticky) != 0);
}
