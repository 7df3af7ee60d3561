using System.Globalization;
using Fleet.Client.Linux;
using Microsoft.Data.Sqlite;

namespace Fleet.Host.Tests.Whole;

/// <summary>The disk under everything that the agent keeps is full: what is asked of it is refused and nothing is lost, and with room again it goes on by itself.</summary>
[Collection("host init")]
public class FullDiskTests
{
    private const string Sleeper = "job: NAME\nprocesses:\n- {name: sleeper, executable: /bin/sleep, args: [600]}\n";

    [SkippableFact]
    public async Task A_job_goes_on_while_the_disk_is_full_and_what_ended_then_is_started_again_once_there_is_room()
    {
        await using var host = await WholeHost.Prepare(disk: "32m");
        await host.StartAgent();
        foreach (var job in new[] { "stays", "ends" })
        {
            Assert.True((await host.Run(Sleeper.Replace("NAME", job, StringComparison.Ordinal))).Succeeded);
        }

        var before = await host.Pids();
        await Fill(host);

        var refused = await host.Run(Sleeper.Replace("NAME", "late", StringComparison.Ordinal));
        Assert.NotEqual(0, refused.ExitCode);
        Assert.DoesNotContain("   at ", refused.Error, StringComparison.Ordinal);
        Assert.Matches("full|No space left", refused.Error);
        var kill = await new Command("/bin/kill", "-9", before["ends:sleeper"].ToString(CultureInfo.InvariantCulture)).Run();
        Assert.True(kill.Succeeded, kill.Error);
        await WholeHost.Until("it has ended", () => Task.FromResult(!Directory.Exists($"/proc/{before["ends:sleeper"]}")));
        Assert.True(Directory.Exists($"/proc/{before["stays:sleeper"]}"));

        await host.Shell("rm filler");
        await WholeHost.Until("what ended runs again", async () => (await host.Pids()).TryGetValue("ends:sleeper", out var pid) && pid != before["ends:sleeper"]);
        Assert.True((await host.Run(Sleeper.Replace("NAME", "late", StringComparison.Ordinal))).Succeeded);
        var pids = await host.Pids();
        Assert.Equal(before["stays:sleeper"], pids["stays:sleeper"]);

        // With which code it ended nobody knows: its monitor, too, had no room to say it.
        Assert.Contains("process.lost.v1", await host.Events("ends:sleeper"));

        // And what is written is whole: an agent that starts reads it all, and takes up what runs.
        await host.KillAgent();
        await host.StartAgent();
        Assert.Equal(pids, await host.Pids());
    }

    [SkippableFact]
    public async Task An_agent_that_starts_and_can_write_nothing_says_so_and_ends_and_the_next_takes_up_the_jobs()
    {
        await using var host = await WholeHost.Prepare(disk: "32m");
        await host.StartAgent();
        Assert.True((await host.Run(Sleeper.Replace("NAME", "one", StringComparison.Ordinal))).Succeeded);
        var before = await host.Pids();
        await host.KillAgent();
        TakeRoomOfLog(host);
        await Fill(host);

        var agent = await host.AgentToItsEnd();
        Assert.Equal(1, agent.ExitCode);
        Assert.Contains($"the ledger {host.Paths.Journal} cannot be written", agent.Error, StringComparison.Ordinal);
        Assert.Contains("whether the disk is full", agent.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", agent.Error, StringComparison.Ordinal);
        await host.Shell("rm filler");
        await host.StartAgent();
        Assert.Equal(before, await host.Pids());
    }

    // A write-ahead log that a killed agent left has room for the next one.
    private static void TakeRoomOfLog(WholeHost host)
    {
        using var journal = new SqliteConnection($"Data Source={host.Paths.Journal};Pooling=False");
        journal.Open();
        using var checkpoint = journal.CreateCommand();
        checkpoint.CommandText = "PRAGMA wal_checkpoint(TRUNCATE)";
        checkpoint.ExecuteNonQuery();
    }

    private static async Task Fill(WholeHost host)
    {
        var fill = await host.AsUser("/bin/dd", "if=/dev/zero", $"of={host.Paths.State}/filler", "bs=4096").Run();
        Assert.Contains("No space left", fill.Error, StringComparison.Ordinal);
    }
}
