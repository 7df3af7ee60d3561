namespace Fleet.Host.Linux;

/// <summary>The unix sockets of this network namespace, as /proc/net/unix has them (proc_net(5)).</summary>
internal static class UnixSockets
{
    private const int Flags = 3, Path = 7;
    private const string Listens = "00010000"; // __SO_ACCEPTCON

    /// <summary>
    /// Whether somebody speaks with who listens at a path: a connection that waits to be accepted counts, also when its client is gone, and so does one that a
    /// server has not closed yet. Null where nobody is seen to listen: then it cannot be told.
    /// </summary>
    public static bool? IsSpokenWith(string path) => IsSpokenWith(path, Proc.Read("/proc/net/unix") ?? "");

    /// <param name="table">What /proc/net/unix says.</param>
    internal static bool? IsSpokenWith(string path, string table)
    {
        var there = table.Split('\n').Select(line => line.Split(' ', Path + 1, StringSplitOptions.RemoveEmptyEntries)).Where(row => row.Length > Path && row[Path] == path).ToList();
        return there.Exists(row => row[Flags] == Listens) ? there.Exists(row => row[Flags] != Listens) : null;
    }
}
