using System.ComponentModel;
using System.Text;
using Fleet.Client.Linux;
using Fleet.Host.Linux;
using Fleet.Host.Logs;
using Fleet.Hosts;
using Fleet.Processes;
using Fleet.Sandboxes;
using Microsoft.Win32.SafeHandles;

namespace Fleet.Host.Sandboxes;

/// <summary>
/// The two log files of a process, opened for its sandbox. The job can write their folder, so each is opened without following a link, must be an
/// ordinary file, and must have no second name: else a job could make the agent open, or grow, what is not the job's.
/// </summary>
internal sealed class LogFiles : IDisposable
{
    private const UnixFileMode Everybody = (UnixFileMode)0x1B6;

    private readonly SafeFileHandle output;
    private readonly SafeFileHandle error;
    private readonly long errorStart;

    private LogFiles(SafeFileHandle output, SafeFileHandle error)
    {
        (this.output, this.error) = (output, error);
        errorStart = RandomAccess.GetLength(error);
    }

    /// <summary>The files as this program's descriptors, for a child to open again.</summary>
    public string OutputPath => Descriptor(output);

    public string ErrorPath => Descriptor(error);

    /// <exception cref="StartRefused">A link, a device, a pipe or a second name stands where the log should be.</exception>
    public static LogFiles Open(HostPaths paths, ProcessId process)
    {
        using var folder = Files.OpenPlace(TrustedPath.Resolve(paths.Logs(process.Job)));
        return new LogFiles(Open(folder, paths.Stdout(process)), Open(folder, paths.Stderr(process)));
    }

    /// <summary>What was written to the error log since it was opened, at most its first 4 KiB.</summary>
    public string NewErrors()
    {
        var buffer = new byte[4096];
        return Encoding.UTF8.GetString(buffer, 0, RandomAccess.Read(error, buffer, errorStart));
    }

    public void Dispose()
    {
        output.Dispose();
        error.Dispose();
    }

    private static SafeFileHandle Open(SafeFileHandle folder, string path)
    {
        var handle = TryOpen(folder, path);
        var stat = Files.StatOf(handle);
        if (!stat.IsRegular || stat.Links != 1)
        {
            handle.Dispose();
            throw Refused(path, stat.IsRegular ? "has a second name (a hard link)" : "is not an ordinary file");
        }

        // The runtime gives the file to the job's user; the agent must still be able to open it the next time. The folder is closed to others.
        if (stat.User == Credentials.EffectiveUser() && (stat.Permissions & 0x1FF) != (uint)Everybody)
        {
            File.SetUnixFileMode(handle, Everybody);
        }

        return handle;
    }

    // O_NONBLOCK: opening a pipe that nobody reads would wait for ever.
    private static SafeFileHandle TryOpen(SafeFileHandle folder, string path)
    {
        try
        {
            return Files.OpenBeneath(folder, Path.GetFileName(path), Files.ReadWrite | Files.Append | Files.Create | Libc.NonBlock, (int)Everybody);
        }
        catch (Win32Exception e) when (e.NativeErrorCode == Errno.EACCES && ClosedLog.Open(folder, Path.GetDirectoryName(path)!, Path.GetFileName(path)))
        {
            return Files.OpenBeneath(folder, Path.GetFileName(path), Files.ReadWrite | Files.Append | Libc.NonBlock, 0);
        }
        catch (Win32Exception e) when (e.NativeErrorCode is Errno.ELOOP or Errno.EACCES or Errno.EPERM or Errno.EISDIR or Errno.ENXIO or Errno.ENOTDIR)
        {
            throw Refused(path, e.NativeErrorCode == Errno.ELOOP ? "is a link" : $"cannot be opened: {e.Message}");
        }
    }

    private static StartRefused Refused(string path, string why) =>
        new(StartFailureCode.FilesRefused, $"refusing to log to {path}: it {why}; remove it");

    private static string Descriptor(SafeFileHandle handle) => $"/proc/{Environment.ProcessId}/fd/{handle.DangerousGetHandle()}";
}
