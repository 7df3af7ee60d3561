using System.Globalization;

namespace Fleet.Host.Hosts;

/// <summary>When a process started: with its pid, that tells it from any later one with the same pid.</summary>
internal static class ProcessStart
{
    /// <summary>Clock ticks after boot, field 22 of /proc/PID/stat (proc(5)); null: there is no such process.</summary>
    public static ulong? Ticks(int pid)
    {
        try
        {
            // The program's name, field 2, may hold spaces and parentheses; what follows its last one is plain.
            var text = File.ReadAllText($"/proc/{pid}/stat");
            return ulong.Parse(text[(text.LastIndexOf(')') + 2)..].Split(' ')[19], CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
