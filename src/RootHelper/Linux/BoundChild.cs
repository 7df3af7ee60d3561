using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Fleet.RootHelper.Linux;

/// <summary>
/// Starts a program that the kernel kills when the helper ends, which posix_spawn(3) cannot: clone3(2) makes a copy of the helper with this thread alone, which
/// binds itself and becomes the program. It does what <c>setpriv --pdeathsig KILL unshare --pid --fork --kill-child --mount-proc</c> did, and saves two programs.
/// </summary>
internal static unsafe partial class BoundChild
{
    private const long Clone3 = 435; // the same on every architecture (syscall.tbl)
    private const ulong UntilItRuns = 0x4000 /* CLONE_VFORK */, NewPids = 0x20000000, NewMounts = 0x20000;
    private const int Sigchld = 17, Signals = 64, SignalMask = 128, SetMask = 2, SetParentDeathSignal = 1;
    private const ulong Recursive = 0x4000, Private = 1 << 18, NoSuid = 2, NoDev = 4, NoExec = 8;
    private const int Aside = 400; // as Child hands descriptors over

    private static readonly string[] Steps = ["end with the helper", "begin: the helper has ended", "have signals as by default", "have its descriptors", "mount its own /proc", "run"];

    /// <param name="ownPids">It is the first process of a pid namespace, which ends with it, and has a mount namespace with the /proc of that; else it is the helper's child alone.</param>
    /// <param name="files">The descriptors that it gets, from 0 on; what is null is /dev/null. It begins in <c>/</c>.</param>
    /// <exception cref="LinuxException">It could not be started.</exception>
    public static Child Start(IReadOnlyList<string> command, IReadOnlyList<string> environment, bool ownPids, params ReadOnlySpan<SafeFileHandle?> files)
    {
        var (argv, envp) = (new NativeStrings(command), new NativeStrings(environment));
        using var nothing = LinuxException.Check(Libc.Open("/dev/null", Libc.ReadWrite), "open /dev/null");
        using var helper = LinuxException.Check(Libc.PidfdOpen(Environment.ProcessId), "watch myself");
        var (hears, tells) = Sockets.Pipe();
        using var hearing = hears;
        using var telling = tells;
        Span<int> handed = stackalloc int[files.Length];
        for (var i = 0; i < files.Length; i++)
        {
            handed[i] = (int)(files[i] ?? nothing).DangerousGetHandle();
        }

        fixed (int* descriptors = handed)
        {
            var birth = new Birth
            {
                Helper = Waiting.On(helper, Sockets.In), Tells = (int)tells.DangerousGetHandle(), OwnPids = ownPids,
                Handed = descriptors, Count = files.Length, Argv = argv.Pointer, Envp = envp.Pointer,
            };
            try
            {
                return Begin(&birth, tells, hears);
            }
            finally
            {
                argv.Free();
                envp.Free();
            }
        }
    }

    private static Child Begin(Birth* birth, SafeFileHandle tells, SafeFileHandle hears)
    {
        var clone = new CloneArguments { Flags = UntilItRuns | (birth->OwnPids ? NewPids | NewMounts : 0), ExitSignal = Sigchld };
        var pid = (int)Call(Clone3, &clone, sizeof(CloneArguments));
        if (pid == 0)
        {
            Become(birth);
        }

        Marshal.SetLastPInvokeError(Marshal.GetLastSystemError());
        LinuxException.Check(pid, "start a program");
        tells.Dispose();
        var child = new Child(pid);
        var said = new byte[2 * sizeof(int)];
        if (Libc.Read(hears, said, said.Length) <= 0)
        {
            return child;
        }

        child.Wait();
        child.Dispose();
        Marshal.SetLastPInvokeError(BinaryPrimitives.ReadInt32LittleEndian(said.AsSpan(sizeof(int))));
        throw new LinuxException($"start a program: {Steps[BinaryPrimitives.ReadInt32LittleEndian(said)]}");
    }

    // In the new process from here on. The runtime's other threads are not in it: nothing may allocate, throw or take a lock, and every call stays on this side
    // of the runtime (SuppressGCTransition).
    private static void Become(Birth* birth)
    {
        var failed = stackalloc int[] { FailedStep(birth), Marshal.GetLastSystemError() };
        _ = Write(birth->Tells, failed, 2 * sizeof(int));
        Exit(127);
    }

    /// <returns>Of <see cref="Steps"/>; where all goes well it does not return.</returns>
    private static int FailedStep(Birth* birth)
    {
        if (Prctl(SetParentDeathSignal, Libc.Sigkill, 0, 0, 0) < 0)
        {
            return 0;
        }

        // It may have ended before that was asked for, and then nobody would end this.
        if (Poll(&birth->Helper, 1, 0) != 0)
        {
            return 1;
        }

        if (!TakeSignals())
        {
            return 2;
        }

        if (!TakeDescriptors(birth))
        {
            return 3;
        }

        if (birth->OwnPids && !MountProc())
        {
            return 4;
        }

        _ = Execute(birth->Argv[0], birth->Argv, birth->Envp);
        return 5;
    }

    // Some numbers are the C library's own, and refused.
    private static bool TakeSignals()
    {
        for (var signal = 1; signal <= Signals; signal++)
        {
            _ = Signal(signal, 0);
        }

        var none = stackalloc byte[SignalMask];
        new Span<byte>(none, SignalMask).Clear();
        return SignalMaskTo(SetMask, none, null) == 0 && SetGroup(0, 0) == 0;
    }

    // First out of the way of the numbers that are to be filled, then to its place: a number may be both.
    private static bool TakeDescriptors(Birth* birth)
    {
        for (var i = 0; i < birth->Count; i++)
        {
            if (Copy(birth->Handed[i], Aside + i) < 0)
            {
                return false;
            }
        }

        for (var i = 0; i < birth->Count; i++)
        {
            if (Copy(Aside + i, i) < 0 || Close(Aside + i) < 0)
            {
                return false;
            }
        }

        return true;
    }

    private static bool MountProc()
    {
        fixed (byte* root = "/"u8, place = "/proc"u8, proc = "proc"u8)
        {
            return Mount(null, root, null, Recursive | Private, null) == 0 && Mount(proc, place, proc, NoSuid | NoDev | NoExec, null) == 0;
        }
    }

    /// <summary>All that the new process needs, where it can be had without the runtime.</summary>
    private struct Birth
    {
        public Waiting Helper;
        public int Tells;
        public bool OwnPids;
        public int* Handed;
        public int Count;
        public byte** Argv;
        public byte** Envp;
    }
}
