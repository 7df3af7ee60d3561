using Fleet.Host.Logs;

namespace Fleet.Host.Tests.Logs;

/// <summary>A real group of the kernel's freezer, of v1 or v2.</summary>
public sealed class TestFreezerGroup : IDisposable
{
    private static readonly string Root = File.Exists("/sys/fs/cgroup/cgroup.controllers") ? "/sys/fs/cgroup" : "/sys/fs/cgroup/freezer";

    public TestFreezerGroup()
    {
        Skip.IfNot(Directory.Exists(Root) && Environment.UserName == "root", $"needs root and the freezer at {Root}");
        Path = $"{Root}/fleetlogs-{Environment.ProcessId}-{Guid.NewGuid():N}";
        Directory.CreateDirectory(Path);
    }

    public string Path { get; }

    public IFreezer Freezer => new CgroupFreezer(Path);

    public bool IsFrozen => new CgroupFreezer(Path).IsSwitchedOn;

    public void Dispose()
    {
        Freezer.Thaw();
        Directory.Delete(Path);
    }
}
