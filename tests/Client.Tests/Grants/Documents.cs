using System.Collections.Immutable;
using System.Text;
using Fleet.Grants;
using Fleet.Privileges;

namespace Fleet.Client.Tests.Grants;

internal static class Documents
{
    /// <summary>Of fleet <c>shop</c>: alice asks to run id(1) as root for an hour from now.</summary>
    public static GrantDocument Task()
    {
        var now = DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.ToUnixTimeSeconds());
        var task = new RootTask(["/usr/bin/id"], null, ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal), "/", 0, 0, [], 1, 60, 65536, false);
        return new GrantDocument(
            1, GrantId.Of(Guid.CreateVersion7()), "shop", "alice", "disk is full", false, HostSelector.Of("host-1"), now, now.AddHours(1),
            new PrivilegeSet([new Privilege.RunAsRoot()]), task, null);
    }

    public static string Text(GrantDocument document) => Encoding.ASCII.GetString(GrantFormat.Write(document));
}
