using System.Globalization;

namespace Fleet.Host.Api;

/// <summary>Names of users and numbers of groups, from the host's own files (passwd(5), group(5)); for display and for one group, never to judge a user by name.</summary>
internal static class AccountNames
{
    /// <summary>Null: the file does not name it.</summary>
    public static string? User(int uid) => Rows("/etc/passwd").FirstOrDefault(r => r.Length > 2 && r[2] == uid.ToString(CultureInfo.InvariantCulture))?[0];

    /// <summary>Null: there is no such group.</summary>
    public static int? Group(string name) =>
        Rows("/etc/group").FirstOrDefault(r => r.Length > 2 && r[0] == name) is { } row && int.TryParse(row[2], CultureInfo.InvariantCulture, out var gid)
            ? gid
            : null;

    private static IEnumerable<string[]> Rows(string file) => File.ReadLines(file).Select(line => line.Split(':'));
}
