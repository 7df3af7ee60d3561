using System.Globalization;
using Fleet.Client.Linux;
using Fleet.Hosts;

namespace Fleet.Host.Hosts;

/// <summary>Finds the agent that owns a folder, from what it wrote into its lock file: "PID START-TICKS".</summary>
public static class AgentProcess
{
    /// <summary>Its pid; null: none runs. A pid that another process has by now is not taken for it.</summary>
    public static int? Find(HostPaths paths)
    {
        var words = ReadLock(paths).Split(' ', '\n');
        return words.Length >= 2
            && int.TryParse(words[0], CultureInfo.InvariantCulture, out var pid)
            && ulong.TryParse(words[1], CultureInfo.InvariantCulture, out var ticks)
            && Linux.Proc.StartTicks(pid) == ticks ? pid : null;
    }

    internal static string Line(int pid) => string.Create(CultureInfo.InvariantCulture, $"{pid} {Linux.Proc.StartTicks(pid)}\n");

    private static string ReadLock(HostPaths paths)
    {
        // Not File.ReadAllText: .NET asks for a lock of its own, and the agent holds it.
        using var file = Libc.Open(paths.Lock, Libc.ReadOnly);
        var buffer = new byte[64];
        return file.IsInvalid ? "" : System.Text.Encoding.ASCII.GetString(buffer, 0, RandomAccess.Read(file, buffer, 0));
    }
}
