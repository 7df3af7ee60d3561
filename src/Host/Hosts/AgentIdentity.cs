using System.Collections.Immutable;
using Fleet.Client.Linux;
using Fleet.Host.Linux;

namespace Fleet.Host.Hosts;

/// <summary>
/// A user as the kernel judges one: by its id and all its groups. An access control list needs no look of its own: what it allows at most, a file's group
/// bits show (acl(5)), though not to whom.
/// </summary>
internal sealed record AgentIdentity(string Name, uint Uid, ImmutableArray<Group> Groups)
{
    public const uint Read = 4, Write = 2, Execute = 1;

    /// <summary>One who is not in /etc/passwd can do what everybody can.</summary>
    public static AgentIdentity Of(string name) => Accounts.User(name) is { } account
        ? new(name, account.Uid, [.. Accounts.GroupsOf(account)])
        : new(name, uint.MaxValue, []);

    /// <summary>All of these: the first class that fits decides, even where a later one would allow more (path_resolution(7)).</summary>
    public bool Can(Statx stat, uint bits) => Uid == 0 || bits == (bits & (stat.Permissions >> (
        stat.User == Uid ? 6 : IsIn(stat.Group) ? 3 : 0)));

    /// <summary>The primary group's id; null: there is no such user.</summary>
    public uint? Gid => Groups is [var primary, ..] ? primary.Gid : null;

    public bool IsIn(uint group) => Groups.Any(its => its.Gid == group);

    /// <summary>Whether every folder above lets this user through.</summary>
    public bool Reaches(string path)
    {
        for (var parent = Path.GetDirectoryName(path); parent is not null; parent = Path.GetDirectoryName(parent))
        {
            if (!Files.Stat(parent, out var stat) || !stat.IsLink && !Can(stat, Execute))
            {
                return false;
            }
        }

        return true;
    }
}
