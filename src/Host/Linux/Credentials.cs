using System.Runtime.InteropServices;

namespace Fleet.Host.Linux;

/// <summary>Who this process is to the kernel (credentials(7)).</summary>
internal static partial class Credentials
{
    [LibraryImport("libc", EntryPoint = "geteuid")]
    public static partial uint EffectiveUser();

    [LibraryImport("libc", EntryPoint = "getegid")]
    public static partial uint EffectiveGroup();
}
