using System.Runtime.InteropServices;
using Fleet.Client.Linux;
using Microsoft.Win32.SafeHandles;

namespace Fleet.Host.Linux;

/// <summary>System calls on a process that this one is not. Numbers above 423 are the same on every architecture.</summary>
internal static partial class OtherProcess
{
    private const long PidfdSendSignal = 424, PidfdOpen = 434;
    private const ulong NsGetParent = 0xb702;

    /// <summary>pidfd_open(2); null if there is no such process.</summary>
    public static SafeFileHandle? Open(int pid)
    {
        var fd = Syscall(PidfdOpen, pid, 0, 0, 0);
        return fd >= 0 ? new SafeFileHandle((nint)fd, ownsHandle: true) : null;
    }

    /// <summary>pidfd_send_signal(2); false if the process is gone.</summary>
    public static bool Signal(SafeFileHandle pidfd, int signal) => Syscall(PidfdSendSignal, pidfd.DangerousGetHandle(), signal, 0, 0) == 0;

    /// <summary>ioctl_ns(2), NS_GET_PARENT: the user namespace in which that of a process was made.</summary>
    /// <exception cref="IOException">The process has ended, or the namespace is none of ours.</exception>
    public static SafeFileHandle ParentUserNamespace(int pid)
    {
        using var own = Libc.Open($"/proc/{pid}/ns/user", Libc.ReadOnly);
        var parent = own.IsInvalid ? own : new SafeFileHandle(Ioctl(own, NsGetParent), ownsHandle: true);
        return parent.IsInvalid ? throw new IOException($"the user namespace of {pid}: {Marshal.GetLastPInvokeErrorMessage()}") : parent;
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    public static partial int Kill(int pid, int signal);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial long Syscall(long number, nint a, nint b, nint c, nint d);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Ioctl(SafeFileHandle file, ulong request);
}
