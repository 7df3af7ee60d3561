using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Fleet.Client.Linux;

/// <summary>System calls that .NET has no door to. Numbers above 423 are the same on every architecture.</summary>
internal static partial class Libc
{
    public const int O_RDWR = 2, O_CREAT = 0x40, O_APPEND = 0x400, O_NONBLOCK = 0x800, O_PATH = 0x200000;
    public const int EPERM = 1, ENOENT = 2, ENXIO = 6, EACCES = 13, EEXIST = 17, ENOTDIR = 20, EISDIR = 21, ENOSPC = 28, ELOOP = 40, EDQUOT = 122;
    public const int RlimitCore = 4, RlimitNofile = 7;

    private const long PidfdSendSignal = 424, PidfdOpen = 434;
    private const ulong ResolveNoMagicLinks = 2, NsGetParent = 0xb702;

    [LibraryImport("libc", EntryPoint = "geteuid")]
    public static partial uint EffectiveUser();

    [LibraryImport("libc", EntryPoint = "getegid")]
    public static partial uint EffectiveGroup();

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    public static partial int Kill(int pid, int signal);

    /// <summary>openat2(2): opens <paramref name="path"/> below <paramref name="folder"/> and follows no link on the way, whoever may plant one.</summary>
    /// <exception cref="Win32Exception">Its NativeErrorCode is the errno: ELOOP for a link, EXDEV for a way out.</exception>
    public static SafeFileHandle OpenBeneath(SafeFileHandle folder, string path, int flags, int mode) =>
        Opened(Files.OpenAt2(folder, path, flags, (uint)mode, ResolveNoMagicLinks | Files.ResolveNoSymlinks | Files.ResolveBeneath));

    /// <summary>open(2) of a folder as a mere place (O_PATH).</summary>
    public static SafeFileHandle OpenPlace(string path) => Opened(Files.Open(path, O_PATH));

    /// <summary>statx(2) of what a handle stands for.</summary>
    public static Statx StatOf(SafeFileHandle handle) => Files.Stat(handle, out var stat) ? stat : throw new Win32Exception(Marshal.GetLastPInvokeError());

    /// <summary>statx(2); null with <paramref name="errno"/> if it cannot be had. A link is looked at, not followed.</summary>
    public static Statx? Lstat(string path, out int errno)
    {
        var done = Files.Stat(path, out var stat);
        errno = done ? 0 : Marshal.GetLastPInvokeError();
        return done ? stat : null;
    }

    /// <summary>mkdir(2): the last component alone, where .NET makes all of them. It is there already: nothing happens.</summary>
    /// <exception cref="IOException">Its HResult is the errno: ENOENT if the parent is gone.</exception>
    public static void MakeFolder(string path)
    {
        if (MakeFolder(path, 0x1FF) != 0 && Marshal.GetLastPInvokeError() is not EEXIST and var errno)
        {
            throw new IOException($"{path} cannot be made: {Marshal.GetPInvokeErrorMessage(errno)}", errno);
        }
    }

    /// <summary>pidfd_open(2); null if there is no such process.</summary>
    public static SafeFileHandle? OpenPid(int pid)
    {
        var fd = Syscall(PidfdOpen, pid, 0, 0, 0);
        return fd >= 0 ? new SafeFileHandle((nint)fd, ownsHandle: true) : null;
    }

    /// <summary>pidfd_send_signal(2); false if the process is gone.</summary>
    public static bool SignalPid(SafeFileHandle pidfd, int signal) => Syscall(PidfdSendSignal, pidfd.DangerousGetHandle(), signal, 0, 0) == 0;

    /// <summary>ioctl_ns(2), NS_GET_PARENT: the user namespace in which that of a process was made.</summary>
    /// <exception cref="IOException">The process has ended, or the namespace is none of ours.</exception>
    public static SafeFileHandle ParentUserNamespace(int pid)
    {
        using var own = Files.Open($"/proc/{pid}/ns/user", Files.ReadOnly);
        var parent = own.IsInvalid ? own : new SafeFileHandle(Ioctl(own, NsGetParent), ownsHandle: true);
        return parent.IsInvalid ? throw new IOException($"the user namespace of {pid}: {Marshal.GetLastPInvokeErrorMessage()}") : parent;
    }

    /// <summary>getrlimit(2): the hard limit; <see cref="ulong.MaxValue"/> is none.</summary>
    public static ulong HardLimit(int resource) =>
        GetRlimit(resource, out var limit) == 0 ? limit.Hard : throw new Win32Exception(Marshal.GetLastPInvokeError());

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial long Syscall(long number, nint a, nint b, nint c, nint d);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Ioctl(SafeFileHandle file, ulong request);

    [LibraryImport("libc", EntryPoint = "mkdir", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MakeFolder(string path, uint mode);

    [LibraryImport("libc", EntryPoint = "getrlimit", SetLastError = true)]
    private static partial int GetRlimit(int resource, out Rlimit limit);

    private static SafeFileHandle Opened(SafeFileHandle handle) => handle.IsInvalid ? throw new Win32Exception(Marshal.GetLastPInvokeError()) : handle;

    [StructLayout(LayoutKind.Sequential)]
    private struct Rlimit
    {
        public ulong Soft;
        public ulong Hard;
    }
}
