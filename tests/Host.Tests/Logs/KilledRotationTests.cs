using System.Runtime.CompilerServices;
using Fleet.Host.Linux;
using Fleet.Host.Logs;
using Microsoft.Extensions.Logging.Abstractions;

namespace Fleet.Host.Tests.Logs;

/// <summary>A rotator that is killed at any instant leaves files that its successor makes whole.</summary>
public sealed class KilledRotationTests
{
    private const string ChildLog = "FLEET_TEST_ROTATE";

    [Fact]
    public async Task Killed_again_and_again_while_a_process_writes_it_loses_and_doubles_nothing()
    {
        using var folder = LogTestFolder.OnDisk();
        var writer = folder.WriteSequenceInBursts(300);
        var kills = 0;
        for (var chance = new Random(20240607); !writer.IsCompleted && kills < 40; kills++)
        {
            using var child = BeginChild(folder.Log);
            Assert.Equal('r', child.StandardOutput.Read());
            await Task.Delay(chance.Next(1, 60));
            child.Kill();
            await child.WaitForExitAsync();
        }

        Assert.True((await writer).Succeeded);
        folder.Rotator().Recover();
        Assert.True(kills > 0 && folder.RotatedCount > 0, $"{kills} kills, {folder.RotatedCount} rotated files");
        Assert.Empty(Directory.GetFiles(folder.Path, ".*"));
        folder.AssertHoldsSequence(3_000_000);
    }

    [Fact]
    public void A_copy_whose_cut_was_not_made_is_dropped_even_if_the_log_repeats_itself()
    {
        using var folder = LogTestFolder.OnDisk();
        File.WriteAllBytes(folder.Log, new byte[300_000]);
        using (var logs = LogFolder.TryOpen(folder.Path)!)
        using (var live = logs.TryOpenFile("web.stdout.log", write: true)!)
        {
            File.WriteAllBytes($"{folder.Path}/.web.stdout.log.copied-{HeadMark.OfPlace(live)}", new byte[65536]);
        }

        folder.Rotator().Recover();
        Assert.Equal([300_000L], folder.OldestFirst().Select(file => new FileInfo(file).Length));
    }

    [Fact]
    public void A_copy_whose_cut_was_made_is_kept_even_if_the_log_repeats_itself()
    {
        using var folder = LogTestFolder.OnDisk();
        File.WriteAllBytes(folder.Log, new byte[300_000]);
        using (var logs = LogFolder.TryOpen(folder.Path)!)
        using (var live = logs.TryOpenFile("web.stdout.log", write: true)!)
        {
            File.WriteAllBytes($"{folder.Path}/.web.stdout.log.copied-{HeadMark.OfPlace(live)}", new byte[65536]);
            Assert.Equal(0, Libc.Files.Fallocate(live, Libc.Files.CollapseRange, 0, 65536));
        }

        folder.Rotator().Recover();
        Assert.Equal([65536L, 300_000 - 65536], folder.OldestFirst().Select(file => new FileInfo(file).Length));
    }

    [Fact]
    public void Half_made_renames_go_on_where_they_stopped()
    {
        using var folder = LogTestFolder.OnDisk();
        File.WriteAllText(folder.Log, "e");
        File.WriteAllText($"{folder.Log}.4", "a");
        File.WriteAllText($"{folder.Log}.3", "b");
        File.WriteAllText($"{folder.Log}.1", "c");
        File.WriteAllText($"{folder.Path}/.web.stdout.log.copied-place-1-1", "d");
        folder.Rotator().Recover();
        Assert.Equal("abcde", string.Concat(folder.OldestFirst().Select(File.ReadAllText)));
        Assert.Equal(4, folder.RotatedCount);
    }

    [SkippableFact]
    public void A_writer_left_frozen_is_thawed_after_its_log_is_made_whole()
    {
        using var folder = LogTestFolder.OnTmpfs("10m");
        using var group = new TestFreezerGroup();
        File.WriteAllText(folder.Log, "one");
        File.WriteAllText($"{folder.Path}/.web.stdout.log.copied-size-3", "one");
        group.Freezer.Freeze();
        folder.Rotator(freezer: group.Freezer).Recover();
        Assert.False(group.IsFrozen);
        Assert.Equal("one", string.Concat(folder.OldestFirst().Select(File.ReadAllText)));
    }

    // The test assembly started as a program: it rotates until it is killed. Runs before anything of the tests does.
    [ModuleInitializer]
    internal static void RotateIfChild()
    {
        if (Environment.GetEnvironmentVariable(ChildLog) is not { } log)
        {
            return;
        }

        var rotator = new LogRotator(() => [new LogFile(log, null)], LogTestFolder.Small with { MaxBytes = 128 * 1024 },
            TimeProvider.System, NullLogger<LogRotator>.Instance);
        Console.Write('r');
        rotator.Recover();
        while (true)
        {
            rotator.Scan();
        }
    }

    private static System.Diagnostics.Process BeginChild(string log) =>
        new Command("dotnet", "exec", typeof(KilledRotationTests).Assembly.Location)
        {
            Env = new Dictionary<string, string> { [ChildLog] = log, ["DOTNET_ROOT"] = Environment.GetEnvironmentVariable("DOTNET_ROOT") ?? "" },
        }.Begin();
}
