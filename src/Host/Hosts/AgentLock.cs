using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text;
using Fleet.Hosts;
using Microsoft.Win32.SafeHandles;
using static Fleet.Host.Linux.Libc;

namespace Fleet.Host.Hosts;

/// <summary>One agent for each folder (flock(2)). Held until it is disposed or the process ends, however it ends; programs it starts do not inherit it.</summary>
public sealed class AgentLock : IDisposable
{
    private readonly SafeFileHandle file;

    private AgentLock(SafeFileHandle file) => this.file = file;

    /// <exception cref="AgentRefusedException">Another agent owns the folder, or the file cannot be made.</exception>
    public static AgentLock Acquire(HostPaths paths)
    {
        var file = Files.Open(paths.Lock, Files.ReadWrite | Files.Create | Files.NoFollow, 0x1A4 /* 0644 */);
        if (file.IsInvalid)
        {
            throw new AgentRefusedException($"could not open {paths.Lock}: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}; is the folder the agent's?");
        }

        if (Files.Flock(file, Files.LockExclusive | Files.LockNonBlocking) != 0)
        {
            file.Dispose();
            var owner = AgentProcess.Find(paths) is { } pid ? $"the agent with pid {pid}" : "another agent";
            throw new AgentRefusedException($"one folder has one agent, and {paths.State} has {owner}; stop it first or use another folder");
        }

        RandomAccess.SetLength(file, 0);
        RandomAccess.Write(file, Encoding.ASCII.GetBytes(AgentProcess.Line(Environment.ProcessId)), 0);
        return new AgentLock(file);
    }

    /// <summary>
    /// One agent for each delegated cgroup, whatever its folder: two would hand the same sub-ids to different jobs and find each other's sandboxes
    /// in one place. On a host where nothing is delegated there is nothing to own, and starts say what is missing.
    /// </summary>
    /// <exception cref="AgentRefusedException">Another agent owns the cgroup.</exception>
    public static AgentLock AcquireCgroup(string name)
    {
        var place = new[] { $"/sys/fs/cgroup/memory/{name}", $"/sys/fs/cgroup/{name}" }.FirstOrDefault(System.IO.Directory.Exists);
        var folder = Files.Open(place ?? "/", Files.ReadOnly | Files.Directory);
        if (place is not null && Files.Flock(folder, Files.LockExclusive | Files.LockNonBlocking) != 0)
        {
            folder.Dispose();
            throw new AgentRefusedException(
                $"another agent of this user runs on this host, with the cgroup {place} and the same sub-ids: stop it first, or run this one as another user");
        }

        return new AgentLock(folder);
    }

    public void Dispose() => file.Dispose();
}

/// <summary>An agent must not run here or so; for people.</summary>
public sealed class AgentRefusedException(string message) : InvalidOperationException(message);
