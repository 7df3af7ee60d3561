using System.Globalization;
using Fleet.Host.Linux;

namespace Fleet.Host.Hosts;

/// <summary>A user of /etc/passwd (passwd(5)).</summary>
internal sealed record Account(string Name, uint Uid, uint Gid);

/// <summary>A group of /etc/group (group(5)).</summary>
internal sealed record Group(string Name, uint Gid);

/// <summary>The host's own user and group files; users that only a directory service knows do not run agents.</summary>
internal static class Accounts
{
    public static Account? User(string name) => Lines("/etc/passwd")
        .Where(fields => fields.Length >= 4 && fields[0] == name)
        .Select(fields => new Account(name, Number(fields[2]), Number(fields[3])))
        .FirstOrDefault();

    public static string NameOf(uint uid) => UserName(uid) ?? $"uid {uid}";

    /// <summary>Null: the file does not name it. For display, never to judge a user by.</summary>
    public static string? UserName(uint uid) => Lines("/etc/passwd")
        .Where(fields => fields.Length >= 4 && Number(fields[2]) == uid)
        .Select(fields => fields[0])
        .FirstOrDefault();

    /// <summary>The user who owns a folder; null: it is not there, it is root's, or nobody's of /etc/passwd.</summary>
    public static string? OwnerOf(string folder) => Files.Lstat(folder, out _)?.User is { } uid && uid != 0 ? UserName(uid) : null;

    /// <summary>Null: there is no such group.</summary>
    public static int? GroupId(string name) => Lines("/etc/group")
        .Where(fields => fields.Length >= 3 && fields[0] == name)
        .Select(fields => (int?)Number(fields[2]))
        .FirstOrDefault();

    public static bool HasGroup(string name) => GroupId(name) is not null;

    public static string GroupName(uint gid) => Groups().FirstOrDefault(group => group.Gid == gid)?.Name ?? $"gid {gid}";

    /// <summary>All groups of a user: the primary one, named or not, and those that list it.</summary>
    public static IReadOnlyList<Group> GroupsOf(Account user) =>
    [
        new(GroupName(user.Gid), user.Gid),
        .. Lines("/etc/group")
            .Where(fields => fields.Length >= 4 && Number(fields[2]) != user.Gid && fields[3].Split(',').Contains(user.Name))
            .Select(fields => new Group(fields[0], Number(fields[2]))),
    ];

    public static IEnumerable<Group> Groups() => Lines("/etc/group").Where(fields => fields.Length >= 3).Select(fields => new Group(fields[0], Number(fields[2])));

    /// <summary>All ids in use in one of the two files.</summary>
    public static IEnumerable<uint> Ids(string file) => Lines(file).Where(fields => fields.Length >= 3).Select(fields => Number(fields[2]));

    private static IEnumerable<string[]> Lines(string file) => File.ReadLines(file).Select(line => line.Split(':'));

    private static uint Number(string text) => uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : uint.MaxValue;
}
