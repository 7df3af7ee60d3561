using Fleet.Client.Linux;
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

    /// <summary>A place, and whether nobody but root and the agent can have decided what is on the way to it and in it.</summary>
    private readonly record struct Place(string Path, bool Trusted);

    /// <exception cref="StartRefused">A link stands where a job could have put it.</exception>
    public static string Resolve(string path) => Resolve(path, MaxLinks).Path;

    /// <summary>Whether nobody but root and the agent can swap anything on the way to a folder, or in it; of one that is not there, in what is there of its parents.</summary>
    /// <exception cref="StartRefused">As <see cref="Resolve(string)"/>.</exception>
    public static bool IsOurs(string folder) => Resolve(folder, MaxLinks).Trusted;

    private static Place Resolve(string path, int links)
    {
        var at = new Place("", true);
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        for (var i = 0; i < parts.Length; i++)
        {
            if (Files.Lstat($"{at.Path}/{parts[i]}", out var errno) is not { } stat)
            {
                return new Place($"{at.Path}/{string.Join('/', parts[i..])}", at.Trusted && errno == Errno.ENOENT);
            }

            at = stat.IsLink
                ? Follow(at, parts[i], links, IsOfUs(stat))
                : new Place($"{at.Path}/{parts[i]}", at.Trusted && IsClosed(stat));
        }

        return at.Path.Length == 0 ? at with { Path = "/" } : at;
    }

    // The target is judged like the path itself: a link of root may lead into a folder that a job can write. In a sticky folder anybody can make a link,
    // so its owner counts too.
    private static Place Follow(Place folder, string name, int links, bool ofUs)
    {
        var link = $"{folder.Path}/{name}";
        if (!folder.Trusted || !ofUs || links == 0)
        {
            throw new StartRefused(StartFailureCode.FilesRefused, $"{link} is a link in a folder that the job can write: remove it");
        }

        var target = Resolve(Path.GetFullPath(new FileInfo(link).LinkTarget!, folder.Path.Length == 0 ? "/" : folder.Path), links - 1);
        return target.Path == "/" ? target with { Path = "" } : target;
    }

    private static bool IsOfUs(Statx stat) => stat.User == 0 || stat.User == Credentials.EffectiveUser();

    private static bool IsClosed(Statx stat) => IsOfUs(stat) && ((stat.Permissions & WritableByOthers) == 0 || (stat.Permissions & Sticky) != 0);
}
