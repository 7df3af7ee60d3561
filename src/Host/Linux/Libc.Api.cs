using System.Runtime.InteropServices;

namespace Fleet.Host.Linux;

internal static partial class Libc
{
    /// <summary>geteuid(2): the user that this process acts as.</summary>
    [LibraryImport("libc", EntryPoint = "geteuid")]
    internal static partial int EffectiveUser();

    /// <summary>lchown(2): never follows a link; -1 leaves the user or the group as it is.</summary>
    [LibraryImport("libc", EntryPoint = "lchown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int ChangeOwner(string path, int user, int group);
}
