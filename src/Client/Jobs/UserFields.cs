using System.Globalization;
using Fleet.Processes;

namespace Fleet.Client.Jobs;

/// <summary><c>user: {uid: 1000, gid: 1000}</c> or <c>user: "1000:1000"</c>.</summary>
internal static class UserFields
{
    public static UserIds? Read(Field user)
    {
        if (!user.IsSet)
        {
            return null;
        }

        return user.IsText ? FromText(user) : FromMap(user);
    }

    private static UserIds? FromText(Field user)
    {
        var parts = user.Text()!.Split(':');
        if (parts.Length == 2 && Id(parts[0]) is { } uid && Id(parts[1]) is { } gid)
        {
            return new UserIds(uid, gid);
        }

        user.Wrong($"a user is \"UID:GID\" in numbers, or a map with uid and gid; got '{user.Text()}'");
        return null;
    }

    private static UserIds? FromMap(Field user)
    {
        var keys = user.Keys(JobFileKeys.User);
        foreach (var key in JobFileKeys.User.Where(k => user.IsMap && !keys[k].IsSet))
        {
            keys[key].Wrong($"a user has both uid and gid; {key} is missing");
        }

        return keys["uid"].Int() is { } uid && keys["gid"].Int() is { } gid ? new UserIds(uid, gid) : null;
    }

    private static int? Id(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : null;
}
