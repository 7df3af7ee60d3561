using Fleet.Client.Linux;
using Fleet.Host.Linux;
using Fleet.Host.Sandboxes;
using Microsoft.Win32.SafeHandles;

namespace Fleet.Host.Logs;

/// <summary>
/// A log that its own job has closed to the agent (chmod 0), which may do so as the file's owner. The agent becomes the owner, in its user namespace, and
/// gives the mode back: the job writes on by what it has open, and cannot close it again. Its next start makes the log the job's.
/// </summary>
internal static class ClosedLog
{
    private const uint Everybody = 0x1B6;

    /// <summary>True: it was such a log, and can be opened now. Whatever the job puts in its place meanwhile, nothing else is opened to anybody.</summary>
    /// <param name="path">Of the folder; what is above its files belongs to the agent.</param>
    public static bool Open(SafeFileHandle folder, string path, string name)
    {
        using var file = Files.OpenAt2(folder, name, Files.Place | Files.NoFollow, 0, Files.ResolveNoSymlinks | Files.ResolveBeneath);
        if (file.IsInvalid || !IsLog(file, out var owner))
        {
            return false;
        }

        if (owner != Credentials.EffectiveUser() && !AgentNamespace.Try(Scripts.Take, [$"{path}/{name}"]).GetAwaiter().GetResult().Succeeded)
        {
            return false;
        }

        // By the descriptor: what was looked at is what is changed, and only if it is the agent's by now.
        return IsLog(file, out owner) && owner == Credentials.EffectiveUser() && Chmod($"/proc/self/fd/{file.DangerousGetHandle()}");
    }

    private static bool IsLog(SafeFileHandle file, out uint owner)
    {
        var known = Libc.Stat(file, out var stat);
        owner = stat.User;
        return known && stat is { IsRegular: true, Links: 1 };
    }

    private static bool Chmod(string path)
    {
        try
        {
            File.SetUnixFileMode(path, (UnixFileMode)Everybody);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
