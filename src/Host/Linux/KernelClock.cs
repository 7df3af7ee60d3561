using System.Runtime.InteropServices;

namespace Fleet.Host.Linux;

internal static partial class KernelClock
{
    /// <summary>adjtimex(2) on a zeroed buffer of at least 208 bytes: reads the clock's state; 5 (TIME_ERROR): not synchronised.</summary>
    [LibraryImport("libc", EntryPoint = "adjtimex", SetLastError = true)]
    internal static partial int State(Span<byte> timex);
}
