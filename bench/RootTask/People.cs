using System.Collections.Immutable;
using System.Diagnostics;
using Fleet.Grants;
using Fleet.Privileges;
using Fleet.RootTasks;

namespace Fleet.Bench.RootTask;

/// <summary>Who ask and approve, with keys in a folder: alice asks, bob and carol approve.</summary>
internal sealed class People(string host, string keys)
{
    private static readonly string[] Approvers = ["bob", "carol"];

    /// <summary>A fresh grant for the command, as root and with nothing beside, and its signatures. None of that is timed.</summary>
    public RootRequest.Run Signed(string[] command, int approvals)
    {
        var now = DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.ToUnixTimeSeconds());
        var grant = GrantFormat.Write(new GrantDocument(
            GrantFormat.Version, GrantId.Of(Guid.CreateVersion7()), "bench", "alice", "a measure", false, HostSelector.Of(host), now.AddMinutes(-1), now.AddMinutes(10),
            new PrivilegeSet([new Privilege.RunAsRoot()]), Task(command), null));
        return new([.. grant], Sign("alice", "fleet-request", grant), [.. Approvers.Take(approvals).Select(who => Sign(who, "fleet-grant", grant))], 1);
    }

    public static Grants.RootTask Task(string[] command) => new(
        [.. command], null, ImmutableSortedDictionary.CreateRange(StringComparer.Ordinal, [KeyValuePair.Create("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")]),
        "/", 0, 0, [], 1, 20, 65536, false);

    private PresentedSignature Sign(string who, string purpose, byte[] bytes)
    {
        using var keygen = Process.Start(new ProcessStartInfo("/usr/bin/ssh-keygen", ["-q", "-Y", "sign", "-n", purpose, "-f", $"{keys}/{who}"])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true,
        })!;
        keygen.StandardInput.BaseStream.Write(bytes);
        keygen.StandardInput.Close();
        return new(who, keygen.StandardOutput.ReadToEnd());
    }
}
