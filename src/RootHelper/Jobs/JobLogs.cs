using Fleet.Hosts;
using Fleet.Processes;
using Fleet.RootHelper.Linux;
using Fleet.RootHelper.RootTasks;
using Fleet.Sandboxes;
using Microsoft.Win32.SafeHandles;

namespace Fleet.RootHelper.Jobs;

/// <summary>
/// The two log files of a process, which the agent has made. Agent and job can write their folder, so that each is opened without following a link and must be an
/// ordinary file of theirs with no second name: else root would append to a file of somebody else's choice.
/// </summary>
internal sealed record JobLogs(SafeFileHandle Stdout, SafeFileHandle Stderr) : IDisposable
{
    /// <exception cref="IOException">One is not there, or is something else.</exception>
    public static JobLogs Open(JobStart start, int agent)
    {
        var paths = start.Facts.Paths;
        using var folder = RootsOwn.OpenOthers(paths.Logs(start.Job.Id));
        var stdout = Open(folder, paths.Stdout(start.Request.Process), start, agent);
        try
        {
            return new JobLogs(stdout, Open(folder, paths.Stderr(start.Request.Process), start, agent));
        }
        catch
        {
            stdout.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        Stdout.Dispose();
        Stderr.Dispose();
    }

    /// <summary>Makes them the agent's again: the runtime gives what it is started with to the process's user.</summary>
    public void GiveBack(int agent)
    {
        foreach (var file in (SafeFileHandle[])[Stdout, Stderr])
        {
            LinuxException.Check(Libc.ChangeOwner(file, agent, -1), "make a log the agent's");
        }
    }

    private static SafeFileHandle Open(SafeFileHandle folder, string path, JobStart start, int agent)
    {
        var file = LinuxException.Check(
            Libc.Resolve(folder, Path.GetFileName(path), Libc.ReadWrite | Libc.Append | Libc.NonBlock | Libc.NoFollow, Libc.NoSymlinks | Libc.Beneath), $"open the log {path}");
        var stat = Libc.Stat(file);
        if (stat.IsRegular && stat.Links == 1 && (stat.User == agent || IsOfJob(stat.User, start)))
        {
            return file;
        }

        file.Dispose();
        throw new IOException($"refusing to log to {path}: it is no ordinary file of the agent's or the job's with one name alone");
    }

    private static bool IsOfJob(uint user, JobStart start) =>
        user - IdSlices.OnHost(start.Policy.FirstUid, start.Request.Slice) is >= 0 and < IdSlices.Size;
}
