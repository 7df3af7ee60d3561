namespace Fleet.Host.Hosts;

/// <summary>An ordinary user for the agent alone, which nobody logs in as.</summary>
internal sealed class UserRequirement(HostInitOptions options) : Requirement($"user {options.User}")
{
    private const uint Nobody = 65534;

    public override Finding Check() => Accounts.User(options.User) switch
    {
        null => new Finding.Missing($"there is no user {options.User}", options.Command),
        { Uid: 0 } => new Finding.Missing($"{options.User} is root, and the agent must be an ordinary user", "choose another user"),
        { Uid: Nobody } => new Finding.Missing($"{options.User} is what the kernel calls ids that are nobody's", "choose another user"),
        _ when !Accounts.HasGroup(options.User) => new Finding.Missing($"there is no group {options.User}", $"groupadd --system {options.User}"),
        var user => new Finding.Ok($"uid {user.Uid}, gid {user.Gid}"),
    };

    public override async Task<string> Establish()
    {
        if (Accounts.User(options.User) is not null)
        {
            throw new HostInitException($"user {options.User} exists, but {((Finding.Missing)Check()).Detail}", ((Finding.Missing)Check()).Remedy);
        }

        string[] group = Accounts.HasGroup(options.User) ? ["--gid", options.User] : ["--user-group"];
        await Requirements.Must("see useradd(8)", "useradd",
            ["--system", .. group, "--home-dir", options.State, "--no-create-home", "--shell", "/usr/sbin/nologin", options.User]);
        return $"made system user {options.User} with uid {Accounts.User(options.User)!.Uid}, without login";
    }
}
