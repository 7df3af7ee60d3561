using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Fleet.Client.Linux;

internal static partial class Libc
{
    /// <summary>lchown(2): never follows a link; -1 leaves the user or the group as it is.</summary>
    [LibraryImport("libc", EntryPoint = "lchown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int ChangeOwner(string path, int user, int group);

    /// <summary>O_RDONLY, O_DIRECTORY and O_CLOEXEC.</summary>
    internal static readonly int FolderFlags = Files.Directory | Files.CloseOnExec;

    /// <summary>open(2), for a folder: .NET opens files alone.</summary>
    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial SafeFileHandle OpenFolder(string path, int flags);

    /// <summary>fsync(2), for a folder: its entries are on disk when it returns 0.</summary>
    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    internal static partial int SyncFolder(SafeFileHandle folder);
}
