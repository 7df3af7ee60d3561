using System.Globalization;
using Fleet.Host.Linux;
using Fleet.Sandboxes;

namespace Fleet.Host.Sandboxes;

/// <summary>The agent's sub-ids (subuid(5), subgid(5)): the first range of its user, which is the one that unshare --map-auto takes.</summary>
public sealed record SubIds(long FirstUid, long FirstGid, long Count)
{
    public static readonly SubIds None = new(0, 0, 0);

    /// <summary>How many jobs can have a slice of their own.</summary>
    public int Slices => IdSlices.Capacity(Count);

    /// <param name="user">A name; its number is looked for too.</param>
    public static SubIds Read(string user, uint uid, string subuid = "/etc/subuid", string subgid = "/etc/subgid") =>
        Range(subuid, user, uid) is { } u && Range(subgid, user, uid) is { } g ? new SubIds(u.First, g.First, Math.Min(u.Count, g.Count)) : None;

    /// <summary>Those of the user that this program runs as.</summary>
    public static SubIds OfMe() => Read(Environment.UserName, Credentials.EffectiveUser());

    private static (long First, long Count)? Range(string file, string user, uint uid)
    {
        foreach (var line in File.Exists(file) ? File.ReadLines(file) : [])
        {
            if (line.Split(':') is [var owner, var first, var count]
                && (owner == user || owner == uid.ToString(CultureInfo.InvariantCulture))
                && long.TryParse(first, CultureInfo.InvariantCulture, out var f)
                && long.TryParse(count, CultureInfo.InvariantCulture, out var c))
            {
                return (f, c);
            }
        }

        return null;
    }
}
