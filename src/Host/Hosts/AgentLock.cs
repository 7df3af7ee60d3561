using System.ComponentModel;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using Fleet.Client.Linux;
using Fleet.Host.Api;
using Fleet.Host.Linux;
using Fleet.Hosts;
using Microsoft.Win32.SafeHandles;

namespace Fleet.Host.Hosts;

/// <summary>One agent for each folder (flock(2)). Held until it is disposed or the process ends, however it ends; programs it starts do not inherit it.</summary>
public sealed class AgentLock : IDisposable
{
    private readonly IDisposable held;

    private AgentLock(IDisposable held) => this.held = held;

    /// <exception cref="AgentRefusedException">Another agent owns the folder, or the file cannot be made.</exception>
    public static AgentLock Acquire(HostPaths paths)
    {
        var file = Open(paths.Owned, 0x180 /* 0600 */);
        if (Files.Flock(file, Files.LockExclusive | Files.LockNonBlocking) != 0)
        {
            file.Dispose();
            var owner = AgentProcess.Find(paths) is { } pid ? $"the agent with pid {pid}" : "another agent";
            throw new AgentRefusedException($"one folder has one agent, and {paths.State} has {owner}; stop it first or use another folder");
        }

        // An agent of the version before locks the other file.
        if (AgentProcess.Find(paths) is { } older && older != Environment.ProcessId)
        {
            file.Dispose();
            throw new AgentRefusedException($"one folder has one agent, and {paths.State} has the agent with pid {older}; stop it first or use another folder");
        }

        using var sign = Open(paths.Lock, 0x1A4 /* 0644 */);
        RandomAccess.SetLength(sign, 0);
        RandomAccess.Write(sign, Encoding.ASCII.GetBytes(AgentProcess.Line(Environment.ProcessId)), 0);
        return new AgentLock(file);
    }

    private static SafeFileHandle Open(string path, uint mode)
    {
        var file = Libc.Open(path, Files.ReadWrite | Files.Create | Files.NoFollow, mode);
        return !file.IsInvalid
            ? file
            : throw new AgentRefusedException($"could not open {path}: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}; is the folder the agent's?");
    }

    /// <summary>
    /// One agent for each user of a host, whatever its folder and cgroup: two would hand the same sub-ids to different jobs. A name in the abstract
    /// namespace of unix(7) goes with its process, and tells whose it is; who else takes the name keeps no agent from running.
    /// </summary>
    /// <exception cref="AgentRefusedException">The user runs another agent.</exception>
    public static AgentLock AcquireUser(uint uid)
    {
        var name = new UnixDomainSocketEndPoint($"\0fleet-agent-{uid}");
        var mine = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            mine.Bind(name);
            mine.Listen();
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            if (Caller.ListenerAt(name)?.Uid == uid)
            {
                mine.Dispose();
                throw new AgentRefusedException("this user runs another agent on this host, with the same sub-ids: stop it first, or run this one as another user");
            }

            Console.Error.WriteLine($"warning: another user holds the name by which a second agent of this user would be noticed (@fleet-agent-{uid})");
        }

        return new AgentLock(mine);
    }

    public void Dispose() => held.Dispose();
}

/// <summary>An agent must not run here or so; for people.</summary>
public sealed class AgentRefusedException(string message) : InvalidOperationException(message);
