using System.Runtime.CompilerServices;
using Fleet.Client.Linux;
using Fleet.Host.Linux;
using Fleet.Host.Logs;
using Microsoft.Extensions.Logging.Abstractions;

namespace Fleet.Host.Tests.Logs;

/// <summary>A rotator that is killed at any instant leaves files that its successor makes whole.</summary>
public sealed class KilledRotationTests
{
    private const string ChildLog = "FLEET_TEST_ROTATE";
    private const string ChildProbe = "FLEET_TEST_PROBE";

    [Fact]
    public async Task Killed_again_and_again_while_a_process_writes_it_loses_and_doubles_nothing()
    {
        using var folder = LogTestFolder.OnDisk();
        var writer = folder.WriteSequenceInBursts(400);
        var (kills, interrupted) = (0, 0);
        for (var chance = new Random(20240607); !writer.IsCompleted && kills < 40; kills++)
        {
            using var child = BeginChild(folder.Log);
            Assert.Equal('r', child.StandardOutput.Read());
            await Task.Delay(chance.Next(1, 400));
            child.Kill();
            await child.WaitForExitAsync();
            interrupted += Directory.GetFiles(folder.Path, ".*").Length;
        }

        Assert.True((await writer).Succeeded);
        folder.Rotator(LogTestFolder.Small with { Keep = 1000 }).Recover();
        Assert.True(kills > 0 && folder.RotatedCount > 0, $"{kills} kills, {interrupted} of them inside a rotation, {folder.RotatedCount} rotated files");
        Assert.Empty(Directory.GetFiles(folder.Path, ".*"));
        folder.AssertHoldsSequence(4_000_000);
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
            Assert.Equal(0, Files.Fallocate(live, Files.CollapseRange, 0, 65536));
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
        var log = Directory.CreateDirectory($"{folder.Path}/web").FullName + "/web.stdout.log";
        File.WriteAllText(log, "");
        File.WriteAllText($"{folder.Path}/web/.web.stdout.log.copied-size-3", "one");
        group.Freezer.Freeze();
        new FrozenRuns(folder.Path, LogTestFolder.Small, NullLogger.Instance).Thaw([new CgroupFreezer(group.Path), new CgroupFreezer($"{group.Path}-gone")]);
        Assert.False(group.IsFrozen);
        Assert.Equal([$"{log}", $"{log}.1"], Directory.GetFiles($"{folder.Path}/web").Order(StringComparer.Ordinal));
        Assert.Equal("one", File.ReadAllText($"{log}.1"));
    }

    [SkippableFact]
    public void Of_runs_that_nobody_froze_no_log_is_touched()
    {
        using var folder = LogTestFolder.OnDisk();
        using var group = new TestFreezerGroup();
        var copy = Directory.CreateDirectory($"{folder.Path}/web").FullName + "/.web.stdout.log.copied-size-3";
        File.WriteAllText(copy, "one");
        File.WriteAllText($"{folder.Path}/web/web.stdout.log", "");
        new FrozenRuns(folder.Path, LogTestFolder.Small, NullLogger.Instance).Thaw([new CgroupFreezer(group.Path)]);
        Assert.True(File.Exists(copy));
    }

    [SkippableFact]
    public async Task An_ordinary_agent_rotates_what_a_jobs_own_user_writes()
    {
        const string Agent = "54321";
        const string Job = "100123";
        Skip.IfNot(Environment.UserName == "root", "acting as two users needs root");
        Skip.IfNot((await As(Agent, "dotnet exec " + typeof(KilledRotationTests).Assembly.Location, "x")).ExitCode == 0,
            "another user cannot run this test's program: a folder above it is closed");
        using var folder = LogTestFolder.OnDisk();
        Assert.True((await new Command("sh", "-ec",
            $"touch {folder.Log}; chmod 666 {folder.Log}; chown {Job}:{Agent} {folder.Path} {folder.Log}; chmod 770 {folder.Path}").Run()).Succeeded);
        using var agent = BeginChild(folder.Log, "--reuid", Agent, "--regid", Agent, "--clear-groups", "--inh-caps=-all");
        Assert.Equal('r', agent.StandardOutput.Read());
        var writing = await As(Job, $"for k in $(seq 0 59); do seq $((k*10000+1)) $((k*10000+10000)); done >> {folder.Log}", "");
        Assert.Equal("", writing.Error);
        File.WriteAllText($"{folder.Log}.stop", "");
        await agent.WaitForExitAsync();
        Assert.Equal((0, ""), (agent.ExitCode, await agent.StandardError.ReadToEndAsync()));
        File.Delete($"{folder.Log}.stop");
        Assert.True(folder.RotatedCount > 0);
        folder.AssertHoldsSequence(600_000);
    }

    private static Task<CommandResult> As(string user, string script, string child) =>
        new Command("setpriv", "--reuid", user, "--regid", user, "--clear-groups", "--inh-caps=-all", "sh", "-c", script)
        {
            Env = child.Length == 0 ? new Dictionary<string, string>() : new Dictionary<string, string> { [ChildProbe] = child },
        }.Run();

    // The test assembly started as a program: it rotates until it is killed. Runs before anything of the tests does.
    [ModuleInitializer]
    internal static void RotateIfChild()
    {
        if (Environment.GetEnvironmentVariable(ChildProbe) is not null)
        {
            Environment.Exit(0);
        }

        if (Environment.GetEnvironmentVariable(ChildLog) is not { } log)
        {
            return;
        }

        var rotator = new LogRotator(() => [new LogFile(log, null)], LogTestFolder.Small with { MaxBytes = 64 * 1024, Keep = 1000 },
            TimeProvider.System, NullLogger<LogRotator>.Instance);
        Console.Write('r');
        rotator.Recover();
        while (!File.Exists($"{log}.stop"))
        {
            rotator.Scan();
        }

        rotator.Scan();
        Environment.Exit(0);
    }

    private static System.Diagnostics.Process BeginChild(string log, params string[] wrapper) =>
        new Command("setpriv", [.. wrapper, "--", "dotnet", "exec", typeof(KilledRotationTests).Assembly.Location])
        {
            Env = new Dictionary<string, string> { [ChildLog] = log, ["DOTNET_ROOT"] = Environment.GetEnvironmentVariable("DOTNET_ROOT") ?? "" },
        }.Begin();
}
