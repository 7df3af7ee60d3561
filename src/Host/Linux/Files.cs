using System.ComponentModel;
using System.Runtime.InteropServices;
using Fleet.Client.Linux;
using Microsoft.Win32.SafeHandles;

namespace Fleet.Host.Linux;

/// <summary>
/// System calls on files in folders that others can write: everything goes by descriptor, so that no name is resolved twice. Opening by a path, and looking at what
/// is open, are in <see cref="Libc"/>, which the command line needs too.
/// </summary>
internal static partial class Files
{
    public const int ReadWrite = 2, Create = 0x40, Exclusive = 0x80, Append = 0x400, Place = 0x200000 /* O_PATH */;
    public const ulong ResolveNoSymlinks = 0x04, ResolveBeneath = 0x08;
    public const int CollapseRange = 0x08;
    public const int LockExclusive = 2, LockNonBlocking = 4;

    private const ulong ResolveNoMagicLinks = 0x02;
    private const int AtSymlinkNoFollow = 0x100;
    private const long Openat2Number = 437; // the same on every architecture (syscall.tbl)

    // These two differ between the architectures (asm-generic/fcntl.h, arch/arm64/include/uapi/asm/fcntl.h).
    private static readonly bool Arm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

    public static readonly int Directory = Arm ? 0x4000 : 0x10000;
    public static readonly int NoFollow = Arm ? 0x8000 : 0x20000;

    // AT_FDCWD: names that are no whole paths are those of the current folder.
    private static readonly SafeFileHandle CurrentFolder = new(-100, ownsHandle: false);

    /// <summary>openat2(2). Answers an invalid handle on failure; the error is Marshal.GetLastPInvokeError().</summary>
    public static SafeFileHandle OpenAt2(SafeHandle folder, string name, int flags, uint mode, ulong resolve)
    {
        var how = new OpenHow { Flags = (ulong)(flags | Libc.CloseOnExec), Mode = mode, Resolve = resolve };
        return new SafeFileHandle((nint)OpenAt2(Openat2Number, folder, name, ref how, Marshal.SizeOf<OpenHow>()), ownsHandle: true);
    }

    /// <summary>openat2(2): opens <paramref name="path"/> below <paramref name="folder"/> and follows no link on the way, whoever may plant one.</summary>
    /// <exception cref="Win32Exception">Its NativeErrorCode is the errno: ELOOP for a link, EXDEV for a way out.</exception>
    public static SafeFileHandle OpenBeneath(SafeFileHandle folder, string path, int flags, int mode) =>
        Opened(OpenAt2(folder, path, flags, (uint)mode, ResolveNoMagicLinks | ResolveNoSymlinks | ResolveBeneath));

    /// <summary>open(2) of a folder as a mere place (O_PATH).</summary>
    /// <exception cref="Win32Exception">Its NativeErrorCode is the errno.</exception>
    public static SafeFileHandle OpenPlace(string path) => Opened(Libc.Open(path, Place));

    /// <summary>statx(2) of what a handle stands for.</summary>
    public static Statx StatOf(SafeFileHandle handle) => Libc.Stat(handle, out var stat) ? stat : throw new Win32Exception(Marshal.GetLastPInvokeError());

    /// <summary>statx(2) of a name in a folder; a symbolic link is not followed.</summary>
    public static bool StatAt(SafeHandle folder, string name, out Statx stat) => Libc.StatAt(folder, name, AtSymlinkNoFollow, out stat);

    /// <summary>statx(2) of a path; the last component is not followed.</summary>
    public static bool Stat(string path, out Statx stat) => StatAt(CurrentFolder, path, out stat);

    /// <summary>statx(2); null with <paramref name="errno"/> if it cannot be had. A link is looked at, not followed.</summary>
    public static Statx? Lstat(string path, out int errno)
    {
        var done = Stat(path, out var stat);
        errno = done ? 0 : Marshal.GetLastPInvokeError();
        return done ? stat : null;
    }

    /// <summary>mkdir(2): the last component alone, where .NET makes all of them. It is there already: nothing happens.</summary>
    /// <exception cref="IOException">Its HResult is the errno: ENOENT if the parent is gone.</exception>
    public static void MakeFolder(string path)
    {
        if (MakeFolderAt(CurrentFolder, path, 0x1FF) != 0 && Marshal.GetLastPInvokeError() is not Errno.EEXIST and var errno)
        {
            throw new IOException($"{path} cannot be made: {Marshal.GetPInvokeErrorMessage(errno)}", errno);
        }
    }

    [LibraryImport("libc", EntryPoint = "mkdirat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int MakeFolderAt(SafeHandle folder, string name, uint mode);

    [LibraryImport("libc", EntryPoint = "fallocate", SetLastError = true)]
    public static partial int Fallocate(SafeHandle file, int mode, long offset, long length);

    /// <summary>fsync(2); of a folder: its entries are on disk when it returns 0.</summary>
    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    public static partial int Sync(SafeHandle file);

    [LibraryImport("libc", EntryPoint = "renameat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int RenameAt(SafeHandle from, string oldName, SafeHandle to, string newName);

    [LibraryImport("libc", EntryPoint = "unlinkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int UnlinkAt(SafeHandle folder, string name, int flags);

    /// <summary>lchown(2): never follows a link; -1 leaves the user or the group as it is.</summary>
    [LibraryImport("libc", EntryPoint = "lchown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int ChangeOwner(string path, int user, int group);

    [LibraryImport("libc", EntryPoint = "fchown", SetLastError = true)]
    public static partial int ChangeOwner(SafeHandle file, uint user, uint group);

    [LibraryImport("libc", EntryPoint = "fchmod", SetLastError = true)]
    public static partial int ChangeMode(SafeHandle file, uint mode);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    public static partial int Flock(SafeHandle file, int operation);

    /// <summary>lgetxattr(2): an extended attribute of a name, no link followed. Answers its length; less than 0: there is none, or no room for it.</summary>
    [LibraryImport("libc", EntryPoint = "lgetxattr", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint Attribute(string path, string name, Span<byte> value, nint size);

    /// <summary>ioctl(2) FS_IOC_FIEMAP (Documentation/filesystems/fiemap.rst).</summary>
    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    public static partial int Fiemap(SafeHandle file, nuint request, ref FirstExtent map);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial long OpenAt2(long number, SafeHandle folder, string name, ref OpenHow how, nint size);

    private static SafeFileHandle Opened(SafeFileHandle handle) => handle.IsInvalid ? throw new Win32Exception(Marshal.GetLastPInvokeError()) : handle;

    [StructLayout(LayoutKind.Sequential)]
    private struct OpenHow
    {
        public ulong Flags;
        public ulong Mode;
        public ulong Resolve;
    }
}
