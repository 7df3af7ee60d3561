using System.Runtime.InteropServices;

namespace Fleet.RootHelper.Linux;

/// <summary>The calls of the new process: they tell the runtime nothing, for its other threads are not there to answer.</summary>
internal static unsafe partial class BoundChild
{
    [LibraryImport("libc", EntryPoint = "syscall"), SuppressGCTransition]
    private static partial long Call(long number, CloneArguments* arguments, nint size);

    [LibraryImport("libc", EntryPoint = "prctl"), SuppressGCTransition]
    private static partial int Prctl(int option, nint a, nint b, nint c, nint d);

    [LibraryImport("libc", EntryPoint = "poll"), SuppressGCTransition]
    private static partial int Poll(Waiting* on, nuint count, int milliseconds);

    [LibraryImport("libc", EntryPoint = "signal"), SuppressGCTransition]
    private static partial nint Signal(int number, nint disposition);

    [LibraryImport("libc", EntryPoint = "sigprocmask"), SuppressGCTransition]
    private static partial int SignalMaskTo(int how, byte* mask, byte* before);

    [LibraryImport("libc", EntryPoint = "setpgid"), SuppressGCTransition]
    private static partial int SetGroup(int pid, int group);

    [LibraryImport("libc", EntryPoint = "dup2"), SuppressGCTransition]
    private static partial int Copy(int from, int to);

    [LibraryImport("libc", EntryPoint = "close"), SuppressGCTransition]
    private static partial int Close(int file);

    [LibraryImport("libc", EntryPoint = "mount"), SuppressGCTransition]
    private static partial int Mount(byte* source, byte* target, byte* type, ulong flags, byte* data);

    [LibraryImport("libc", EntryPoint = "execve"), SuppressGCTransition]
    private static partial int Execute(byte* path, byte** argv, byte** envp);

    [LibraryImport("libc", EntryPoint = "write"), SuppressGCTransition]
    private static partial nint Write(int file, int* bytes, nint count);

    [LibraryImport("libc", EntryPoint = "_exit"), SuppressGCTransition]
    private static partial void Exit(int code);

    /// <summary>struct clone_args (clone(2)).</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct CloneArguments
    {
        public ulong Flags;
        public ulong PidFile;
        public ulong ChildThread;
        public ulong ParentThread;
        public ulong ExitSignal;
        public ulong Stack;
        public ulong StackSize;
        public ulong ThreadStorage;
    }
}
