using System.Net.Sockets;
using Fleet.Host.Linux;

namespace Fleet.Host.Tests.Whole;

/// <summary>Uses of a grant to their last one, and those of which the agent heard nothing: the real program, the real helper, real keys.</summary>
[Collection("host init")]
public sealed class RootUseTests
{
    [SkippableFact]
    public async Task Used_as_often_as_it_says_it_is_not_active_any_more_and_tells_how_often_where_and_when()
    {
        await using var rooted = await RootedHost.Start();
        var id = await rooted.Approved(["--uses", "2"], ["/usr/bin/id", "-u"]);
        await rooted.Must("root", "run", id);
        Assert.Contains(id, await rooted.Must("root", "list", "--active"), StringComparison.Ordinal);
        await rooted.Must("root", "run", id);

        Assert.Equal(["grant.use_begun.v1", "grant.use_ended.v1", "grant.used.v1"], (await rooted.Host.Events(id))[^3..]);
        Assert.DoesNotContain(id, await rooted.Must("root", "list", "--active"), StringComparison.Ordinal);
        Assert.Matches($@"(?m)^{id}\s+used\s", await rooted.Must("root", "list", "--all"));
        var shown = await rooted.Must("root", "show", id);
        Assert.Matches(@"(?m)^state +used$", shown);
        Assert.Matches(@"(?m)^uses +host-1 has used it 2 times\n +host-1 use 1: ended 20.* begun 20.*\n +host-1 use 2: ended 20.* begun 20", shown);
        Assert.Contains("used as often as it says, on every host that it names", await rooted.Must("audit", "log", "--kind", "grant.used"), StringComparison.Ordinal);

        var again = await rooted.Host.Fleet("root", "run", id);
        Assert.Equal((1, "fleet: host-1 has used it 2 times, as often as it says; ask for another\n"), (again.ExitCode, again.Error));
        Assert.Equal($"grant {id} is used as often as it says: nothing is left to revoke\n", await rooted.Must("root", "revoke", id, "--reason", "done", "--key", rooted.Bob));
        Assert.True(File.Exists($"{rooted.State}/revoked/{id}"));
        await rooted.Host.KillAgent();
        await rooted.Host.StartAgent();
        Assert.Equal("used", (await rooted.Host.Json("root", "show", id)).GetProperty("state").GetString());
    }

    [SkippableFact]
    public async Task Break_glass_is_reviewed_as_soon_as_it_is_used()
    {
        await using var rooted = await RootedHost.Start();
        var id = (await rooted.Must("root", "break-glass", "--on", "host-1", "--reason", "site is down", "--key", rooted.Alice, "--", "/usr/bin/id")).Trim();
        await rooted.Must("root", "approve", id, "--key", rooted.Alice);
        await rooted.Must("root", "run", id);

        Assert.Contains("used, review due", await rooted.Must("root", "list"), StringComparison.Ordinal);
        Assert.Equal($"grant {id} is used; reviewed\n", await rooted.Must("root", "review", id, "--key", rooted.Bob));
        Assert.DoesNotContain(id, await rooted.Must("root", "list"), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_use_that_never_reached_the_host_is_had_again()
    {
        await using var rooted = await RootedHost.Start();
        var id = await rooted.Approved([], ["/usr/bin/id"]);
        rooted.KillHelper();
        File.Delete(rooted.Socket);
        using (var deaf = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            // What is sent there waits to be read, and goes with whoever does not read it.
            deaf.Bind(new UnixDomainSocketEndPoint(rooted.Socket));
            File.SetUnixFileMode(rooted.Socket, (UnixFileMode)0x1B6 /* 0666 */);
            deaf.Listen();
            await BeginAndKill(rooted, id);
        }

        rooted.StartHelper();
        await rooted.Host.StartAgent();
        await WholeHost.Until("the root log has told", async () => (await rooted.Host.Events(id))[^1] == "grant.use_refused.v1");

        Assert.Contains("host-1 refused use 1 (cannot_run): it never reached the host", await rooted.Must("audit", "log", "--job", id), StringComparison.Ordinal);
        Assert.Contains("uid=0", await rooted.Must("root", "run", id), StringComparison.Ordinal);
        Assert.Equal("grant.used.v1", (await rooted.Host.Events(id))[^1]);
    }

    [SkippableFact]
    public async Task A_use_that_is_still_on_its_way_to_the_helper_is_not_taken_for_one_that_never_reached_it()
    {
        await using var rooted = await RootedHost.Start();
        var id = await rooted.Approved([], ["/usr/bin/sleep", "3600"]);
        await rooted.SignalHelper("STOP");
        await BeginAndKill(rooted, id);
        await rooted.Host.StartAgent();
        Assert.True(UnixSockets.IsSpokenWith(rooted.Socket));
        Assert.Equal("grant.use_begun.v1", (await rooted.Host.Events(id))[^1]);
        await rooted.SignalHelper("CONT");

        // Nobody waits for it any more: the helper begins nothing, and the use can be had again.
        await WholeHost.Until("the root log has told", async () => (await rooted.Host.Events(id))[^1] == "grant.use_refused.v1");
        Assert.Contains("host-1 refused use 1 (withdrawn)", await rooted.Must("audit", "log", "--job", id), StringComparison.Ordinal);
    }

    private static async Task BeginAndKill(RootedHost rooted, string id)
    {
        var running = rooted.Host.Fleet("root", "run", id);
        await WholeHost.Until("it is asked for", async () => (await rooted.Host.Events(id))[^1] == "grant.use_begun.v1" && UnixSockets.IsSpokenWith(rooted.Socket) == true);
        await rooted.Host.KillAgent();
        Assert.Equal(1, (await running).ExitCode);
    }
}
