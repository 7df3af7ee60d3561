namespace Fleet.Host.Logs;

/// <summary>
/// The kernel's freezer of one run's cgroup.
/// v1: freezer.state (Documentation/admin-guide/cgroup-v1/freezer-subsystem.rst); v2: cgroup.freeze and cgroup.events (cgroup-v2.rst).
/// </summary>
/// <param name="leaf">The run's folder: of the freezer controller on v1, of the unified hierarchy on v2.</param>
public sealed class CgroupFreezer(string leaf) : IFreezer
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    public string Leaf => leaf;

    /// <summary>Whether somebody has frozen it and not thawed, whatever of it stands still yet; false where it is gone.</summary>
    public bool IsSwitchedOn => (Linux.Proc.Read(V1)?.Trim() ?? Linux.Proc.Read(V2)?.Trim()) is "FROZEN" or "FREEZING" or "1";

    private string V1 => $"{leaf}/freezer.state";

    private string V2 => $"{leaf}/cgroup.freeze";

    public void Freeze()
    {
        var began = TimeProvider.System.GetTimestamp();
        try
        {
            File.WriteAllText(File.Exists(V1) ? V1 : V2, File.Exists(V1) ? "FROZEN" : "1");
            while (!IsFrozen())
            {
                if (TimeProvider.System.GetElapsedTime(began) > Limit)
                {
                    Thaw();
                    throw new LogRefusedException($"{leaf} did not freeze within {Limit.TotalSeconds} s: one of its processes is in an uninterruptible wait");
                }

                Thread.Sleep(1);
            }
        }
        catch (Exception e) when (e is IOException and not LogRefusedException or UnauthorizedAccessException)
        {
            throw new LogRefusedException($"{leaf} cannot be frozen: {e.Message}; run 'fleet host init' as root");
        }
    }

    public void Thaw()
    {
        try
        {
            File.WriteAllText(File.Exists(V1) ? V1 : V2, File.Exists(V1) ? "THAWED" : "0");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or IOException { HResult: 19 /* ENODEV */ })
        {
            // The run has ended and its group is gone: nothing is left to thaw.
        }
    }

    private bool IsFrozen() => File.Exists(V1)
        ? File.ReadAllText(V1).StartsWith("FROZEN", StringComparison.Ordinal)
        : File.ReadAllText($"{leaf}/cgroup.events").Contains("frozen 1", StringComparison.Ordinal);
}
