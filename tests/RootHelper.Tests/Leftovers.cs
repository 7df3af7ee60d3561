using System.Diagnostics;

namespace Fleet.RootHelper.Tests;

/// <summary>What a task must not leave on the machine.</summary>
internal static class Leftovers
{
    /// <summary>A duration for sleep(1) that no other process of the machine has: by it a task's processes are found.</summary>
    public static string Marker() => $"4711.{Random.Shared.Next(100_000_000, 999_999_999)}";

    public static int[] Processes(string marker) =>
        [.. Directory.GetDirectories("/proc").Select(Path.GetFileName).Where(n => int.TryParse(n, out _)).Select(int.Parse!).Where(pid => Arguments(pid).Contains(marker))];

    /// <summary>Waits for a task to run.</summary>
    public static void AwaitProcess(string marker) => Await(() => Processes(marker).Length > 0, $"nothing with {marker} came to run");

    /// <summary>The promise of root-helper.md, 11: dead within a second; a busy machine gets more.</summary>
    public static void AssertGone(string marker)
    {
        Await(() => Processes(marker).Length == 0, $"{marker} still runs");
    }

    public static void AssertNoCgroup(string grant) =>
        Assert.Empty(Directory.GetDirectories(Directory.Exists("/sys/fs/cgroup/pids") ? "/sys/fs/cgroup/pids" : "/sys/fs/cgroup", $"fleet-root-{grant}*", SearchOption.AllDirectories));

    public static void AssertNoMount(string prefix) => Assert.DoesNotContain(prefix, File.ReadAllText("/proc/self/mountinfo"), StringComparison.Ordinal);

    public static void Await(Func<bool> condition, string otherwise)
    {
        for (var clock = Stopwatch.StartNew(); !condition();)
        {
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(20), otherwise);
            Thread.Sleep(5);
        }
    }

    private static string[] Arguments(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/cmdline").Split('\0');
        }
        catch (IOException)
        {
            return [];
        }
    }
}
