using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Fleet.Client.Linux;

/// <summary>System calls on files in folders that others can write: everything goes by descriptor, so that no name is resolved twice.</summary>
internal static partial class Libc
{
    internal static partial class Files
    {
        internal const int AtFdCwd = -100;
        internal const int ReadOnly = 0;
        internal const int ReadWrite = 2;
        internal const int Create = 0x40;
        internal const int Exclusive = 0x80;
        internal const int NonBlock = 0x800;
        internal const int CloseOnExec = 0x80000;

        internal const int ENOENT = 2;
        internal const int EEXIST = 17;
        internal const int EINVAL = 22;
        internal const int ELOOP = 40;
        internal const int EOPNOTSUPP = 95;

        internal const ulong ResolveNoSymlinks = 0x04;
        internal const ulong ResolveBeneath = 0x08;

        internal const int CollapseRange = 0x08;

        internal const int LockExclusive = 2;
        internal const int LockNonBlocking = 4;

        private const int AtSymlinkNoFollow = 0x100;
        private const int AtEmptyPath = 0x1000;
        private const uint StatxBasic = 0x7ff;
        private const long Openat2Number = 437; // the same on every architecture (syscall.tbl)

        // These two differ between the architectures (asm-generic/fcntl.h, arch/arm64/include/uapi/asm/fcntl.h).
        private static readonly bool Arm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

        internal static readonly int Directory = Arm ? 0x4000 : 0x10000;
        internal static readonly int NoFollow = Arm ? 0x8000 : 0x20000;

        /// <summary>openat2(2). Answers an invalid handle on failure; the error is Marshal.GetLastPInvokeError().</summary>
        internal static SafeFileHandle OpenAt2(SafeHandle folder, string name, int flags, uint mode, ulong resolve)
        {
            var how = new OpenHow { Flags = (ulong)(flags | CloseOnExec), Mode = mode, Resolve = resolve };
            return new SafeFileHandle((nint)OpenAt2(Openat2Number, folder, name, ref how, Marshal.SizeOf<OpenHow>()), ownsHandle: true);
        }

        /// <summary>open(2) with O_CLOEXEC.</summary>
        internal static SafeFileHandle Open(string path, int flags, uint mode = 0) =>
            new(OpenAt(AtFdCwd, path, flags | CloseOnExec, mode), ownsHandle: true);

        /// <summary>statx(2) of what the descriptor refers to.</summary>
        internal static bool Stat(SafeHandle file, out Statx stat) => StatxFd(file, "", AtEmptyPath, StatxBasic, out stat) == 0;

        /// <summary>statx(2) of a name in a folder; a symbolic link is not followed.</summary>
        internal static bool StatAt(SafeHandle folder, string name, out Statx stat) =>
            StatxFd(folder, name, AtSymlinkNoFollow, StatxBasic, out stat) == 0;

        /// <summary>statx(2) of a path; the last component is not followed.</summary>
        internal static bool Stat(string path, out Statx stat) => StatxPath(AtFdCwd, path, AtSymlinkNoFollow, StatxBasic, out stat) == 0;

        [LibraryImport("libc", EntryPoint = "fallocate", SetLastError = true)]
        internal static partial int Fallocate(SafeHandle file, int mode, long offset, long length);

        [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
        internal static partial int Sync(SafeHandle file);

        [LibraryImport("libc", EntryPoint = "renameat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        internal static partial int RenameAt(SafeHandle from, string oldName, SafeHandle to, string newName);

        [LibraryImport("libc", EntryPoint = "unlinkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        internal static partial int UnlinkAt(SafeHandle folder, string name, int flags);

        [LibraryImport("libc", EntryPoint = "mkdirat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        internal static partial int MakeFolderAt(SafeHandle folder, string name, uint mode);

        [LibraryImport("libc", EntryPoint = "fchown", SetLastError = true)]
        internal static partial int ChangeOwner(SafeHandle file, uint user, uint group);

        [LibraryImport("libc", EntryPoint = "fchmod", SetLastError = true)]
        internal static partial int ChangeMode(SafeHandle file, uint mode);

        [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
        internal static partial int Flock(SafeHandle file, int operation);

        /// <summary>lgetxattr(2): an extended attribute of a name, no link followed. Answers its length; less than 0: there is none, or no room for it.</summary>
        [LibraryImport("libc", EntryPoint = "lgetxattr", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        internal static partial nint Attribute(string path, string name, Span<byte> value, nint size);

        internal static uint EffectiveUser() => Libc.EffectiveUser();

        /// <summary>adjtimex(2) on a zeroed buffer of at least 208 bytes: reads the clock's state; 5 (TIME_ERROR): not synchronised.</summary>
        [LibraryImport("libc", EntryPoint = "adjtimex", SetLastError = true)]
        internal static partial int ClockState(Span<byte> timex);

        /// <summary>ioctl(2) FS_IOC_FIEMAP (Documentation/filesystems/fiemap.rst).</summary>
        [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
        internal static partial int Fiemap(SafeHandle file, nuint request, ref FirstExtent map);

        [LibraryImport("libc", EntryPoint = "openat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        private static partial int OpenAt(int folder, string path, int flags, uint mode);

        [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        private static partial long OpenAt2(long number, SafeHandle folder, string name, ref OpenHow how, nint size);

        [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        private static partial int StatxFd(SafeHandle folder, string name, int flags, uint mask, out Statx stat);

        [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        private static partial int StatxPath(int folder, string name, int flags, uint mask, out Statx stat);

        [StructLayout(LayoutKind.Sequential)]
        private struct OpenHow
        {
            public ulong Flags;
            public ulong Mode;
            public ulong Resolve;
        }
    }
}
