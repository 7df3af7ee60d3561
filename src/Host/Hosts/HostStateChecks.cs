using System.Globalization;
using Fleet.Host.Linux;

namespace Fleet.Host.Hosts;

/// <summary>What the host's people and its use can change from day to day.</summary>
internal static class HostStateChecks
{
    private const long GiB = 1L << 30;
    private const int TimeError = 5; // adjtimex(2): the clock is not synchronised
    private const int SysResource = 24; // capability.h

    public static DoctorLine Disk(string state)
    {
        var folder = state;
        while (!Directory.Exists(folder))
        {
            folder = Path.GetDirectoryName(folder) ?? "/";
        }

        var free = new DriveInfo(folder).AvailableFreeSpace;
        var detail = string.Create(CultureInfo.InvariantCulture, $"{(double)free / GiB:0.0} GiB free for {state}");
        return free switch
        {
            < GiB / 4 => DoctorLine.Fail("disk", detail, "make room: without any the ledger stops, and with it every change"),
            < 2 * GiB => DoctorLine.Warn("disk", detail, "make room"),
            _ => DoctorLine.Ok("disk", detail),
        };
    }

    /// <summary>A job that asks for more than this is refused.</summary>
    public static DoctorLine OpenFiles()
    {
        var hard = File.ReadLines("/proc/self/limits").First(line => line.StartsWith("Max open files", StringComparison.Ordinal))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)[4];
        var bounding = File.ReadLines("/proc/self/status").First(line => line.StartsWith("CapBnd:", StringComparison.Ordinal)).Split('\t')[1];
        var canRaise = (ulong.Parse(bounding, NumberStyles.HexNumber, CultureInfo.InvariantCulture) >> SysResource & 1) == 1;
        var detail = $"a job may have up to {hard} open files{(canRaise ? "" : "; this machine lacks CAP_SYS_RESOURCE, so not even root can raise that")}";
        return hard == "unlimited" || long.Parse(hard, CultureInfo.InvariantCulture) >= 65_536
            ? DoctorLine.Ok("open files", detail)
            : DoctorLine.Warn("open files", detail, "raise LimitNOFILE= of the agent's service, or the machine's limit");
    }

    /// <summary>Events are ordered by the host's clock, and grants end by it.</summary>
    public static DoctorLine Clock(DateTimeOffset now)
    {
        var built = File.GetLastWriteTimeUtc(typeof(HostStateChecks).Assembly.Location);
        if (now < built)
        {
            return DoctorLine.Fail("clock", $"{now:O} is before this program was built ({built:O})", "set the clock, best by NTP");
        }

        Span<byte> timex = stackalloc byte[256];
        timex.Clear();
        return KernelClock.State(timex) is >= 0 and not TimeError
            ? DoctorLine.Ok("clock", "synchronised, says the kernel")
            : DoctorLine.Warn("clock", "nothing synchronises it, as far as the kernel knows", "apt-get install systemd-timesyncd, or chrony");
    }
}
