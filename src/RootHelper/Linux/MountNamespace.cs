using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Fleet.RootHelper.Linux;

/// <summary>A mount namespace of the helper's making, which its one thread can go into and come back from (setns(2)); it lives as long as anything that was started in it.</summary>
internal sealed partial class MountNamespace : IDisposable
{
    private readonly SafeFileHandle host, own;

    private MountNamespace(SafeFileHandle host, SafeFileHandle own) => (this.host, this.own) = (host, own);

    /// <summary>A copy of the host's, which the host's later mounts come into and nothing goes out of. The thread is where it was.</summary>
    public static MountNamespace Make()
    {
        var host = Current();
        Mounts.Unshare();
        var made = new MountNamespace(host, Current());
        made.Go(host);
        return made;
    }

    /// <summary>Goes in, until what is answered is disposed.</summary>
    public IDisposable Enter()
    {
        Go(own);
        return new Visit(this);
    }

    public void Dispose()
    {
        host.Dispose();
        own.Dispose();
    }

    private void Go(SafeFileHandle where) => LinuxException.Check(SetNamespace(where, Mounts.NewMountNamespace), "go to another mount namespace");

    private static SafeFileHandle Current() => LinuxException.Check(Libc.Open("/proc/thread-self/ns/mnt", Libc.ReadOnly), "open a mount namespace");

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static partial int SetNamespace(SafeFileHandle where, int kind);

    private sealed class Visit(MountNamespace made) : IDisposable
    {
        public void Dispose() => made.Go(made.host);
    }
}
