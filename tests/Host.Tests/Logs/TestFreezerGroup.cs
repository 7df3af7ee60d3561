using Fleet.Host.Logs;

namespace Fleet.Host.Tests.Logs;

/// <summary>A real group of the kernel's v1 freezer.</summary>
public sealed class TestFreezerGroup : IDisposable
{
    private const string Root = "/sys/fs/cgroup/freezer";

    public TestFreezerGroup()
    {
        Skip.IfNot(Directory.Exists(Root) && Environment.UserName == "root", $"needs root and the freezer at {Root}");
        Path = $"{Root}/fleetlogs-{Environment.ProcessId}-{Guid.NewGuid():N}";
        Directory.CreateDirectory(Path);
    }

    public string Path { get; }

    public IFreezer Freezer => new CgroupFreezer(Path);

    public bool IsFrozen => File.ReadAllText($"{Path}/freezer.state").Trim() != "THAWED";

    public void Dispose()
    {
        Freezer.Thaw();
        Directory.Delete(Path);
    }
}
