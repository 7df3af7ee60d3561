using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Fleet.RootHelper.Linux;

/// <summary>mount(2) and the calls that mount by descriptor (open_tree(2), mount_setattr(2), move_mount(2)), which resolve no name twice.</summary>
internal static partial class Mounts
{
    public const ulong AttrReadOnly = 1, AttrNoSuid = 2, AttrNoDev = 4, AttrNoExec = 8;

    internal const int NewMountNamespace = 0x20000;
    private const ulong Recursive = 0x4000, Slave = 1 << 19, Private = 1 << 18, Shared = 1 << 20, NoSuid = 2, NoDev = 4;
    private const uint AtEmptyPath = 0x1000, AtRecursive = 0x8000, TreeClone = 1, FromEmpty = 4, ToEmpty = 0x40;
    private const long OpenTreeNumber = 428, MoveMountNumber = 429, MountSetattrNumber = 442;

    /// <summary>
    /// Gives the calling thread, and what it starts, a mount namespace of its own. What is mounted in it is seen by nobody else, and is gone with the last
    /// process in it, however that ends. The host's later mounts still come in.
    /// </summary>
    public static void Unshare()
    {
        LinuxException.Check(UnshareCall((uint)NewMountNamespace), "make a mount namespace");
        LinuxException.Check(MountCall(null, "/", null, Recursive | Slave, null), "keep mounts to myself");
    }

    public static void Tmpfs(string at, string options) => LinuxException.Check(MountCall("tmpfs", at, "tmpfs", NoSuid | NoDev, options), $"mount a tmpfs at {at}");

    /// <summary>A copy of a mount and all below it, not mounted anywhere yet.</summary>
    /// <param name="alone">Without what is mounted below it.</param>
    public static SafeFileHandle Clone(SafeFileHandle place, bool alone = false) => LinuxException.Check(
        new SafeFileHandle((nint)OpenTree(OpenTreeNumber, place, "", AtEmptyPath | (alone ? 0 : AtRecursive) | TreeClone | Libc.CloseOnExec), true), "copy a mount");

    /// <summary>Sets attributes of a copied tree, on every mount in it. None is ever cleared: what the host has closed stays closed.</summary>
    /// <param name="shared">What is mounted in it stays common to it and to what it was copied from, where that is shared.</param>
    public static void SetAttributes(SafeFileHandle tree, ulong set, bool shared = false)
    {
        var attributes = new MountAttributes { Set = set, Propagation = shared ? 0 : Private };
        LinuxException.Check(MountSetattr(MountSetattrNumber, tree, "", AtEmptyPath | AtRecursive, ref attributes, Marshal.SizeOf<MountAttributes>()), "set a mount's attributes");
    }

    public static void Attach(SafeFileHandle tree, SafeFileHandle place) =>
        LinuxException.Check(MoveMount(MoveMountNumber, tree, "", place, "", FromEmpty | ToEmpty), "mount by descriptor");

    /// <summary>
    /// Lets mounts in a folder be seen through every copy of it (mount_namespaces(7), shared), as BPM does: a folder that is no mount becomes one, of itself. Idempotent.
    /// </summary>
    /// <param name="place">Opened (<see cref="Libc.Place"/>) without following links.</param>
    /// <returns>A copy of the mount that is there now, whatever its name leads to by then.</returns>
    public static SafeFileHandle Share(SafeFileHandle place)
    {
        using var made = Libc.Stat(place).IsMountRoot ? null : Clone(place);
        if (made is not null)
        {
            Attach(made, place); // The handle is that of the mount from here on.
        }

        var mount = made ?? place;
        var attributes = new MountAttributes { Propagation = Shared };
        LinuxException.Check(MountSetattr(MountSetattrNumber, mount, "", AtEmptyPath, ref attributes, Marshal.SizeOf<MountAttributes>()), "share a mount");
        return Clone(mount);
    }

    [LibraryImport("libc", EntryPoint = "unshare", SetLastError = true)]
    private static partial int UnshareCall(uint flags);

    [LibraryImport("libc", EntryPoint = "mount", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MountCall(string? source, string target, string? type, ulong flags, string? data);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial long OpenTree(long number, SafeFileHandle folder, string path, uint flags);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial long MoveMount(long number, SafeFileHandle from, string fromPath, SafeFileHandle to, string toPath, uint flags);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial long MountSetattr(long number, SafeFileHandle folder, string path, uint flags, ref MountAttributes attributes, nint size);

    /// <summary>struct mount_attr.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct MountAttributes
    {
        public ulong Set;
        public ulong Clear;
        public ulong Propagation;
        public ulong UserNamespace;
    }
}
