using Fleet.Client.Linux;
using Fleet.Host.Logs;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Fleet.Host.Tests.Logs;

/// <summary>A folder with one log, on the machine's own file system or on a small tmpfs; removed at the end.</summary>
public sealed class LogTestFolder : IDisposable
{
    public static readonly LogRotationSettings Small =
        LogRotationSettings.Default with { MaxBytes = 64 * 1024, Keep = 100, Scan = TimeSpan.FromMilliseconds(20), RetryAfter = TimeSpan.Zero };

    private readonly bool mounted;

    private LogTestFolder(bool mounted)
    {
        this.mounted = mounted;
        Path = Directory.CreateTempSubdirectory("fleet-logs-").FullName;
    }

    public string Path { get; }

    public string Log => $"{Path}/web.stdout.log";

    public static LogTestFolder OnDisk() => new(mounted: false);

    /// <summary>A file system that cannot cut the head of a file.</summary>
    public static LogTestFolder OnTmpfs(string size)
    {
        Skip.IfNot(Environment.UserName == "root", "mounting a tmpfs needs root");
        var folder = new LogTestFolder(mounted: true);
        Assert.True(new Command("mount", "-t", "tmpfs", "-o", $"size={size}", "tmpfs", folder.Path).Run().Result.Succeeded);
        return folder;
    }

    public LogRotator Rotator(LogRotationSettings? settings = null, IFreezer? freezer = null, ILogger<LogRotator>? logger = null) =>
        new(() => [new LogFile(Log, freezer)], settings ?? Small, TimeProvider.System, logger ?? NullLogger<LogRotator>.Instance);

    /// <summary>FILE.N ... FILE.1 and the live file, one after the other.</summary>
    public IEnumerable<string> OldestFirst() =>
        Enumerable.Range(1, 1000).Reverse().Select(number => $"{Log}.{number}").Append(Log).Where(File.Exists);

    public int RotatedCount => OldestFirst().Count() - 1;

    /// <summary>Asserts that all files together are the numbers 1 to <paramref name="last"/>, one on each line, and nothing else.</summary>
    public void AssertHoldsSequence(int last)
    {
        var expected = 1;
        var text = string.Concat(OldestFirst().Select(File.ReadAllText));
        Assert.EndsWith("\n", text);
        foreach (var line in text.AsSpan(0, text.Length - 1).EnumerateLines())
        {
            Assert.Equal(expected++, int.Parse(line));
        }

        Assert.Equal(last, expected - 1);
    }

    /// <summary>A process that writes the numbers from 1 at the log's end, as fast as it can.</summary>
    public Task<CommandResult> WriteSequence(int last, string? cgroup = null) => new Command("sh", "-c",
        $"{(cgroup is null ? "" : $"echo 0 > {cgroup}/cgroup.procs; ")}exec seq 1 {last} >> {Log}") { Timeout = TimeSpan.FromMinutes(3) }.Run();

    /// <summary>The same in bursts of 10,000 numbers, over some seconds.</summary>
    public Task<CommandResult> WriteSequenceInBursts(int bursts) => new Command("sh", "-c",
        $"for k in $(seq 0 {bursts - 1}); do seq $((k*10000+1)) $((k*10000+10000)); sleep 0.02; done >> {Log}")
    { Timeout = TimeSpan.FromMinutes(3) }.Run();

    public void Dispose()
    {
        if (mounted)
        {
            new Command("umount", Path).Run().Wait();
        }

        Directory.Delete(Path, recursive: true);
    }
}
