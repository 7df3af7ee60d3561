using Fleet.Client.Linux;
using Fleet.Host.Logs;

namespace Fleet.Host.Tests.Logs;

/// <summary>The job can write its log folder; what it plants there must lead the agent nowhere.</summary>
public sealed class HostileLogTests
{
    [Fact]
    public void A_symbolic_link_is_neither_read_nor_rotated()
    {
        using var folder = LogTestFolder.OnDisk();
        File.WriteAllBytes($"{folder.Path}/secret", new byte[200_000]);
        File.CreateSymbolicLink(folder.Log, $"{folder.Path}/secret");
        AssertRefused(folder, "symbolic link");
        Assert.Equal(200_000, new FileInfo($"{folder.Path}/secret").Length);
    }

    [Fact]
    public async Task A_second_name_of_another_file_is_neither_read_nor_rotated()
    {
        using var folder = LogTestFolder.OnDisk();
        File.WriteAllBytes($"{folder.Path}/secret", new byte[200_000]);
        Assert.True((await new Command("ln", $"{folder.Path}/secret", folder.Log).Run()).Succeeded);
        AssertRefused(folder, "2 names");
        Assert.Equal(200_000, new FileInfo($"{folder.Path}/secret").Length);
    }

    [Fact]
    public async Task A_pipe_does_not_block_the_agent()
    {
        using var folder = LogTestFolder.OnDisk();
        Assert.True((await new Command("mkfifo", folder.Log).Run()).Succeeded);
        Assert.Contains("not a log", Assert.Throws<LogRefusedException>(() => LogReader.Tail(folder.Log, 1)).Message);
    }

    [Fact]
    public void A_log_folder_that_is_a_link_is_refused()
    {
        using var folder = LogTestFolder.OnDisk();
        File.CreateSymbolicLink($"{folder.Path}/job", "/etc");
        Assert.Throws<LogRefusedException>(() => LogReader.Tail($"{folder.Path}/job/passwd", 1));
    }

    [Fact]
    public void Links_planted_under_the_names_of_a_rotation_are_not_written_through()
    {
        using var folder = LogTestFolder.OnDisk();
        var victim = $"{folder.Path}/victim";
        File.WriteAllText(victim, "mine");
        File.WriteAllBytes(folder.Log, new byte[200_000]);
        File.CreateSymbolicLink($"{folder.Path}/.web.stdout.log.copying", victim);
        File.CreateSymbolicLink($"{folder.Path}/.web.stdout.log.copied-place-0-0", victim);
        File.CreateSymbolicLink($"{folder.Log}.1", victim);
        folder.Rotator().Scan();
        Assert.Equal("mine", File.ReadAllText(victim));
        Assert.Equal(victim, new FileInfo($"{folder.Log}.2").LinkTarget);
        Assert.Null(new FileInfo($"{folder.Log}.1").LinkTarget);
        Assert.Equal(200_000, new FileInfo($"{folder.Log}.1").Length + new FileInfo(folder.Log).Length);
    }

    private static void AssertRefused(LogTestFolder folder, string reason)
    {
        Assert.Contains(reason, Assert.Throws<LogRefusedException>(() => LogReader.Tail(folder.Log, 1)).Message);
        var said = new RecordingLogger<LogRotator>();
        folder.Rotator(logger: said).Scan();
        Assert.Empty(Directory.GetFiles(folder.Path, "*.1"));
    }
}
