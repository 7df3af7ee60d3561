using Fleet.Client.Linux;
using Fleet.Host.Logs;

namespace Fleet.Host.Tests.Logs;

/// <summary>No byte is lost or doubled, whatever the writer does meanwhile. Real files, real writers.</summary>
public sealed class RotationTests
{
    [Fact]
    public async Task A_writer_at_full_speed_loses_no_line_while_its_log_is_cut_in_place()
    {
        using var folder = LogTestFolder.OnDisk();
        await RotateWhile(folder.WriteSequence(4_000_000), folder.Rotator(LogTestFolder.Small with { MaxBytes = 256 * 1024 }));
        Assert.InRange(folder.RotatedCount, 2, 100);
        folder.AssertHoldsSequence(4_000_000);
    }

    [SkippableFact]
    public async Task Where_the_head_cannot_be_cut_the_writer_is_frozen_and_loses_no_line()
    {
        using var folder = LogTestFolder.OnTmpfs("200m");
        using var group = new TestFreezerGroup();
        await RotateWhile(folder.WriteSequence(4_000_000, group.Path), folder.Rotator(LogTestFolder.Small with { MaxBytes = 256 * 1024 }, group.Freezer));
        Assert.InRange(folder.RotatedCount, 1, 100);
        folder.AssertHoldsSequence(4_000_000);
    }

    [SkippableFact]
    public void Without_a_freezer_a_log_that_cannot_be_cut_is_left_whole()
    {
        using var folder = LogTestFolder.OnTmpfs("10m");
        File.WriteAllBytes(folder.Log, new byte[100_000]);
        folder.Rotator().Scan();
        Assert.Equal([100_000L], folder.OldestFirst().Select(file => new FileInfo(file).Length));
    }

    [Fact]
    public void Only_the_newest_files_are_kept()
    {
        using var folder = LogTestFolder.OnDisk();
        for (var round = 0; round < 5; round++)
        {
            File.AppendAllText(folder.Log, new string((char)('a' + round), 128 * 1024));
            folder.Rotator(LogTestFolder.Small with { Keep = 2 }).Scan();
        }

        Assert.Equal(["web.stdout.log.2", "web.stdout.log.1", "web.stdout.log"], folder.OldestFirst().Select(Path.GetFileName));
        Assert.EndsWith("e", File.ReadAllText(folder.Log));
    }

    [Fact]
    public void A_log_below_its_limit_is_left_alone()
    {
        using var folder = LogTestFolder.OnDisk();
        File.WriteAllBytes(folder.Log, new byte[LogTestFolder.Small.MaxBytes]);
        folder.Rotator().Scan();
        Assert.Equal(0, folder.RotatedCount);
    }

    [SkippableFact]
    public void A_full_disk_is_reported_and_nothing_is_lost()
    {
        using var folder = LogTestFolder.OnTmpfs("1m");
        using var group = new TestFreezerGroup();
        var content = Enumerable.Range(0, 800 * 1024).Select(i => (byte)i).ToArray();
        File.WriteAllBytes(folder.Log, content);
        var said = new RecordingLogger<LogRotator>();
        folder.Rotator(freezer: group.Freezer, logger: said).Scan();
        Assert.Contains("could not rotate", Assert.Single(said.Lines));
        Assert.Equal([folder.Log], Directory.GetFiles(folder.Path));
        Assert.Equal(content, File.ReadAllBytes(folder.Log));
        Assert.False(group.IsFrozen);
    }

    [Fact]
    public async Task Output_without_a_newline_is_rotated_like_any_other()
    {
        using var folder = LogTestFolder.OnDisk();
        var writer = new Command("sh", "-c", $"head -c 1G /dev/zero | tr '\\0' x >> {folder.Log}") { Timeout = TimeSpan.FromMinutes(3) };
        await RotateWhile(writer.Run(), folder.Rotator(LogTestFolder.Small with { MaxBytes = 64 * 1024 * 1024 }));
        Assert.Equal(1L << 30, folder.OldestFirst().Sum(file => new FileInfo(file).Length));
        var tail = LogReader.Tail(folder.Log, 3);
        Assert.Equal([65536, 65536, 65536], tail.Select(line => line.Length));
    }

    // Scans without a pause, so that cuts and writes meet as often as they can.
    private static async Task RotateWhile(Task<CommandResult> writer, LogRotator rotator)
    {
        await Task.Run(() =>
        {
            while (!writer.IsCompleted)
            {
                rotator.Scan();
            }
        });
        Assert.Equal("", (await writer).Error);
        rotator.Scan();
    }
}
