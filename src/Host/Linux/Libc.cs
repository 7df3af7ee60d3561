using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Fleet.Host.Linux;

/// <summary>System calls that .NET has no door to. Numbers above 423 are the same on every architecture.</summary>
internal static partial class Libc
{
    public const int O_WRONLY = 1, O_RDWR = 2, O_CREAT = 0x40, O_APPEND = 0x400, O_NONBLOCK = 0x800, O_CLOEXEC = 0x80000, O_PATH = 0x200000;
    public const int AtFdcwd = -100;
    public const int ENOENT = 2, ESRCH = 3, ENXIO = 6, EACCES = 13, ENOTDIR = 20, ENOSPC = 28, ELOOP = 40;
    public const int RlimitCore = 4, RlimitNofile = 7;

    private const long PidfdSendSignal = 424, PidfdOpen = 434, Openat2 = 437;
    private const ulong ResolveNoMagicLinks = 2, ResolveNoSymlinks = 4, ResolveBeneath = 8;
    private const int AtEmptyPath = 0x1000, AtSymlinkNofollow = 0x100;
    private const uint StatxBasic = 0x7ff;

    [LibraryImport("libc", EntryPoint = "geteuid")]
    public static partial uint EffectiveUser();

    [LibraryImport("libc", EntryPoint = "getegid")]
    public static partial uint EffectiveGroup();

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    public static partial int Kill(int pid, int signal);

    /// <summary>openat2(2): opens <paramref name="path"/> below <paramref name="folder"/> and follows no link on the way, whoever may plant one.</summary>
    /// <exception cref="Win32Exception">Its NativeErrorCode is the errno: ELOOP for a link, EXDEV for a way out.</exception>
    public static unsafe SafeFileHandle OpenBeneath(SafeFileHandle folder, string path, int flags, int mode)
    {
        var how = new OpenHow { Flags = (ulong)(flags | O_CLOEXEC), Mode = (ulong)mode, Resolve = ResolveNoMagicLinks | ResolveNoSymlinks | ResolveBeneath };
        var name = Marshal.StringToCoTaskMemUTF8(path);
        try
        {
            var fd = Syscall(Openat2, folder.DangerousGetHandle(), name, (nint)(&how), sizeof(OpenHow));
            return fd >= 0 ? new SafeFileHandle((nint)fd, ownsHandle: true) : throw new Win32Exception(Marshal.GetLastPInvokeError());
        }
        finally
        {
            Marshal.FreeCoTaskMem(name);
        }
    }

    /// <summary>open(2) of a folder as a mere place (O_PATH).</summary>
    public static SafeFileHandle OpenPlace(string path)
    {
        var fd = Open(path, O_PATH | O_CLOEXEC);
        return fd >= 0 ? new SafeFileHandle(fd, ownsHandle: true) : throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    /// <summary>statx(2) of what a handle stands for.</summary>
    public static Stat StatOf(SafeFileHandle handle) =>
        Statx((int)handle.DangerousGetHandle(), "", AtEmptyPath, StatxBasic, out var stat) == 0 ? stat : throw new Win32Exception(Marshal.GetLastPInvokeError());

    /// <summary>statx(2); null with <paramref name="errno"/> if it cannot be had. A link is looked at, not followed.</summary>
    public static Stat? Lstat(string path, out int errno)
    {
        var done = Statx(AtFdcwd, path, AtSymlinkNofollow, StatxBasic, out var stat) == 0;
        errno = done ? 0 : Marshal.GetLastPInvokeError();
        return done ? stat : null;
    }

    /// <summary>pidfd_open(2); null if there is no such process.</summary>
    public static SafeFileHandle? OpenPid(int pid)
    {
        var fd = Syscall(PidfdOpen, pid, 0, 0, 0);
        return fd >= 0 ? new SafeFileHandle((nint)fd, ownsHandle: true) : null;
    }

    /// <summary>pidfd_send_signal(2); false if the process is gone.</summary>
    public static bool SignalPid(SafeFileHandle pidfd, int signal) => Syscall(PidfdSendSignal, pidfd.DangerousGetHandle(), signal, 0, 0) == 0;

    /// <summary>getrlimit(2): the hard limit; <see cref="ulong.MaxValue"/> is none.</summary>
    public static ulong HardLimit(int resource) =>
        GetRlimit(resource, out var limit) == 0 ? limit.Hard : throw new Win32Exception(Marshal.GetLastPInvokeError());

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial long Syscall(long number, nint a, nint b, nint c, nint d);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int folder, string path, int flags, uint mask, out Stat stat);

    [LibraryImport("libc", EntryPoint = "getrlimit", SetLastError = true)]
    private static partial int GetRlimit(int resource, out Rlimit limit);

    [StructLayout(LayoutKind.Sequential)]
    private struct OpenHow
    {
        public ulong Flags;
        public ulong Mode;
        public ulong Resolve;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Rlimit
    {
        public ulong Soft;
        public ulong Hard;
    }

    /// <summary>struct statx, as far as it is used; the same on every architecture.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    public struct Stat
    {
        private const int TypeMask = 0xF000, FolderType = 0x4000, FileType = 0x8000, LinkType = 0xA000;

        [FieldOffset(16)]
        public uint Links;

        [FieldOffset(20)]
        public uint User;

        [FieldOffset(24)]
        public uint Group;

        [FieldOffset(28)]
        public ushort RawMode;

        [FieldOffset(40)]
        public ulong Size;

        public readonly bool IsFolder => (RawMode & TypeMask) == FolderType;

        public readonly bool IsFile => (RawMode & TypeMask) == FileType;

        public readonly bool IsLink => (RawMode & TypeMask) == LinkType;

        /// <summary>Permission bits with set-id and sticky.</summary>
        public readonly int Mode => RawMode & 0xFFF;
    }
}
