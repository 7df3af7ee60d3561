using System.Collections.Immutable;
using System.Text;
using Fleet.Grants;
using Fleet.Jobs;
using Fleet.Privileges;

namespace Fleet.Tests.Grants;

internal static class GrantSample
{
    public static readonly DateTimeOffset Noon = new(2026, 11, 26, 12, 0, 0, TimeSpan.Zero);

    public static readonly Quorum Two = new(2, RequesterCounts: false);

    public static GrantDocument ForTask { get; } = new(
        1, GrantId.Parse("g-8f3a91b2c4d5e6f7"), "shop", "alice@example.com", "disk is full, ticket 4711", false, HostSelector.Of("web-1"),
        Noon, Noon.AddHours(1), new PrivilegeSet([new Privilege.Capability("DAC_READ_SEARCH")]),
        new RootTask(
            ["/usr/bin/tail", "-n", "5", "/var/log/auth.log"], Digest.Of("tail"),
            ImmutableSortedDictionary.CreateRange(StringComparer.Ordinal, [KeyValuePair.Create("LANG", "C")]), "/", 1000, 1001, [4], 2, 60, 65536, true),
        null);

    public static GrantDocument ForJob { get; } = ForTask with { RootTask = null, PrivilegedJob = new PrivilegedJob(JobId.Parse("net/silk"), Digest.Of("job"), AtEnd.KeepRunning) };

    public static GrantSignature By(string principal, string? key = null) => new(principal, $"SHA256:{key ?? principal}", "-----BEGIN SSH SIGNATURE-----");

    public static string Text(GrantDocument document) => Encoding.UTF8.GetString(GrantFormat.Write(document));

    public static GrantDocument With(Func<RootTask, RootTask> change) => ForTask with { RootTask = change(ForTask.RootTask!) };
}
