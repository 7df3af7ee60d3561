using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Fleet.RootHelper.Linux;

/// <summary>System calls of the C library. Those on descriptors take handles; a path is taken only where it is root's own or made here.</summary>
internal static partial class Libc
{
    public const int ENOENT = 2, EINTR = 4, EAGAIN = 11, EEXIST = 17;

    public const int ReadOnly = 0, WriteOnly = 1, ReadWrite = 2, Create = 0x40, Exclusive = 0x80, Append = 0x400, NonBlock = 0x800, CloseOnExec = 0x80000, Place = 0x200000;

    public const ulong NoSymlinks = 4, Beneath = 8;

    public const int Sigkill = 9;

    private const int AtFdCwd = -100, AtEmptyPath = 0x1000, AtSymlinkNoFollow = 0x100;
    private const uint StatxBasic = 0x7ff;
    private const long Openat2 = 437, PidfdOpenNumber = 434, PidfdSendSignalNumber = 424, CloseRangeNumber = 436; // the same on every architecture (syscall.tbl)
    private const uint CloseRangeCloexec = 4;

    private static readonly bool Arm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

    // These two differ between the architectures (asm-generic/fcntl.h, arch/arm64/include/uapi/asm/fcntl.h).
    public static readonly int Folder = Arm ? 0x4000 : 0x10000;
    public static readonly int NoFollow = Arm ? 0x8000 : 0x20000;

    public static int Error => Marshal.GetLastPInvokeError();

    public static string ErrorText => Marshal.GetLastPInvokeErrorMessage().ToLowerInvariant();

    /// <summary>open(2) with O_CLOEXEC.</summary>
    public static SafeFileHandle Open(string path, int flags, uint mode = 0) => new(OpenAt(AtFdCwd, path, flags | CloseOnExec, mode), true);

    /// <summary>openat(2) with O_CLOEXEC.</summary>
    public static SafeFileHandle OpenAt(SafeFileHandle folder, string name, int flags, uint mode = 0) =>
        new(OpenAt((int)folder.DangerousGetHandle(), name, flags | CloseOnExec, mode), true);

    /// <summary>openat2(2) with O_CLOEXEC. Relative paths alone are below <paramref name="folder"/>.</summary>
    public static SafeFileHandle Resolve(SafeFileHandle folder, string path, int flags, ulong resolve)
    {
        var how = new OpenHow { Flags = (ulong)(flags | CloseOnExec), Resolve = resolve };
        return new((nint)Openat2Call(Openat2, folder, path, ref how, Marshal.SizeOf<OpenHow>()), true);
    }

    /// <summary>statx(2) of what a handle stands for.</summary>
    public static Statx Stat(SafeFileHandle file) => StatxCall(file, "", AtEmptyPath | AtSymlinkNoFollow, StatxBasic, out var stat) == 0 ? stat : throw new LinuxException("look at an open file");

    /// <summary>readlinkat(2) of an open link.</summary>
    public static string ReadLink(SafeFileHandle link)
    {
        Span<byte> target = stackalloc byte[4096];
        var length = ReadLinkAt(link, "", target, target.Length);
        return length >= 0 ? System.Text.Encoding.UTF8.GetString(target[..(int)length]) : throw new LinuxException("read a link");
    }

    /// <summary>Opens anew what a handle of <see cref="Place"/> stands for.</summary>
    public static SafeFileHandle Reopen(SafeFileHandle place, int flags) => Open($"/proc/self/fd/{place.DangerousGetHandle()}", flags);

    /// <summary>pidfd_open(2).</summary>
    public static SafeFileHandle PidfdOpen(int pid) => new((nint)Syscall(PidfdOpenNumber, pid, 0, 0), true);

    /// <summary>pidfd_send_signal(2).</summary>
    public static void Signal(SafeFileHandle pidfd, int signal) => SendSignal(PidfdSendSignalNumber, pidfd, signal, 0, 0);

    /// <summary>close_range(2): no descriptor that is open now reaches a program that is started later.</summary>
    public static void KeepDescriptors() => Syscall(CloseRangeNumber, 3, unchecked((nint)uint.MaxValue), (nint)CloseRangeCloexec);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    public static partial int Sync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    public static partial int Flock(SafeFileHandle file, int operation);

    [LibraryImport("libc", EntryPoint = "ftruncate", SetLastError = true)]
    public static partial int Truncate(SafeFileHandle file, long length);

    [LibraryImport("libc", EntryPoint = "fchmod", SetLastError = true)]
    public static partial int ChangeMode(SafeFileHandle file, uint mode);

    [LibraryImport("libc", EntryPoint = "lchown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int ChangeOwner(string path, int user, int group);

    [LibraryImport("libc", EntryPoint = "fchown", SetLastError = true)]
    public static partial int ChangeOwner(SafeFileHandle file, int user, int group);

    [LibraryImport("libc", EntryPoint = "mkdir", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int MakeFolder(string path, uint mode);

    [LibraryImport("libc", EntryPoint = "rmdir", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int RemoveFolder(string path);

    [LibraryImport("libc", EntryPoint = "unlink", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Unlink(string path);

    [LibraryImport("libc", EntryPoint = "umask")]
    public static partial uint Umask(uint mask);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    public static partial uint EffectiveUser();

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    public static partial int Kill(int pid, int signal);

    /// <summary>memfd_create(2): a file that nobody else can name. Inherited where it is handed on, and only there.</summary>
    public static SafeFileHandle Memory(string name) => new(MemfdCreate(name, 3 /* MFD_CLOEXEC | MFD_ALLOW_SEALING */), true);

    /// <summary>fcntl(2), F_ADD_SEALS: a file in memory can never be changed again, also by who gets its descriptor.</summary>
    public static int Seal(SafeFileHandle memory) => Fcntl(memory, 1033, 15 /* F_SEAL_SEAL, _SHRINK, _GROW, _WRITE */);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Fcntl(SafeFileHandle file, int command, int argument);

    /// <summary>read(2); -1 with <see cref="Error"/>.</summary>
    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    public static partial nint Read(SafeFileHandle file, Span<byte> buffer, nint count);

    /// <summary>write(2); -1 with <see cref="Error"/>.</summary>
    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    public static partial nint Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, nint count);

    [LibraryImport("libc", EntryPoint = "memfd_create", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MemfdCreate(string name, uint flags);

    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenAt(int folder, string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial long Openat2Call(long number, SafeFileHandle folder, string path, ref OpenHow how, nint size);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial long Syscall(long number, nint a, nint b, nint c);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial long SendSignal(long number, SafeFileHandle pidfd, int signal, nint info, uint flags);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatxCall(SafeFileHandle folder, string name, int flags, uint mask, out Statx stat);

    [LibraryImport("libc", EntryPoint = "readlinkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint ReadLinkAt(SafeFileHandle folder, string name, Span<byte> target, nint size);

    [StructLayout(LayoutKind.Sequential)]
    private struct OpenHow
    {
        public ulong Flags;
        public ulong Mode;
        public ulong Resolve;
    }
}

/// <summary>A system call that failed, with the words of its errno.</summary>
internal sealed class LinuxException(string what) : IOException($"cannot {what}: {Libc.ErrorText}")
{
    /// <summary>Throws unless the answer of a call is zero or more.</summary>
    public static void Check(long answer, string what)
    {
        if (answer < 0)
        {
            throw new LinuxException(what);
        }
    }

    public static SafeFileHandle Check(SafeFileHandle handle, string what) => handle.IsInvalid ? throw new LinuxException(what) : handle;
}

/// <summary>struct statx (statx(2)): the same layout on every architecture.</summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
internal struct Statx
{
    /// <summary>Of stx_attributes.</summary>
    [FieldOffset(8)]
    public ulong Attributes;

    [FieldOffset(16)]
    public uint Links;

    [FieldOffset(20)]
    public uint User;

    [FieldOffset(24)]
    public uint Group;

    [FieldOffset(28)]
    public ushort Mode;

    [FieldOffset(40)]
    public ulong Size;

    /// <summary>Of the device that a node stands for.</summary>
    [FieldOffset(128)]
    public uint NodeMajor;

    [FieldOffset(132)]
    public uint NodeMinor;

    private const ushort OthersWrite = 0x12; // S_IWGRP | S_IWOTH

    private const ulong MountRoot = 0x2000; // STATX_ATTR_MOUNT_ROOT

    public readonly bool IsMountRoot => (Attributes & MountRoot) != 0;

    public readonly int Kind => Mode & 0xF000;

    public readonly bool IsRegular => Kind == 0x8000;

    public readonly bool IsFolder => Kind == 0x4000;

    public readonly bool IsLink => Kind == 0xA000;

    public readonly bool IsCharacterDevice => Kind == 0x2000;

    public readonly bool IsBlockDevice => Kind == 0x6000;

    /// <summary>Nobody but root can change it, or, of a folder, what is in it.</summary>
    public readonly bool IsRootsAlone => User == 0 && (Mode & OthersWrite) == 0;
}
