using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Fleet.Host.Linux;

/// <summary>struct rlimit (getrlimit(2)): what this process may take of a resource.</summary>
[StructLayout(LayoutKind.Sequential)]
internal partial struct Rlimit
{
    public const int CoreFileSize = 4, OpenFiles = 7;

    public ulong Soft;
    public ulong Hard;

    /// <summary><see cref="ulong.MaxValue"/> is no limit.</summary>
    public static ulong HardOf(int resource) => Get(resource, out var limit) == 0 ? limit.Hard : throw new Win32Exception(Marshal.GetLastPInvokeError());

    [LibraryImport("libc", EntryPoint = "getrlimit", SetLastError = true)]
    private static partial int Get(int resource, out Rlimit limit);
}
