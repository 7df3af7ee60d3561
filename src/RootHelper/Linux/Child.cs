using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Fleet.RootHelper.Linux;

/// <summary>
/// A program that the helper has started (posix_spawn(3); <see cref="BoundChild"/>): arguments and environment as lists, every signal as it is by default, and no
/// descriptor but those that are named.
/// </summary>
internal sealed unsafe partial class Child : IDisposable
{
    // Larger than the C library's own on any architecture (336 and 80 bytes in glibc 2.36).
    private const int AttributesSize = 1024, ActionsSize = 512, SignalWords = 16;
    private const short SetSignalMask = 8, SetSignalDefaults = 4, SetProcessGroup = 2;
    private const int ExitedByItself = 0;

    private readonly int pid;

    /// <param name="pid">Of what this process has just started.</param>
    public Child(int pid)
    {
        this.pid = pid;
        Ended = Libc.PidfdOpen(pid);
        if (Ended.IsInvalid)
        {
            var failure = new LinuxException("watch a program that was just started");
            _ = Libc.Kill(pid, Libc.Sigkill);
            _ = Wait();
            throw failure;
        }
    }

    public int Pid => pid;

    /// <summary>Readable when it has ended.</summary>
    public SafeFileHandle Ended { get; }

    /// <param name="files">The descriptors that it gets, from 0 on; what is null is /dev/null.</param>
    /// <param name="folder">Where it begins.</param>
    /// <exception cref="LinuxException">It could not be started.</exception>
    public static Child Start(IReadOnlyList<string> command, IReadOnlyList<string> environment, string folder, params ReadOnlySpan<SafeFileHandle?> files)
    {
        var attributes = NativeMemory.AllocZeroed(AttributesSize);
        var actions = NativeMemory.AllocZeroed(ActionsSize);
        var (argv, envp) = (new NativeStrings(command), new NativeStrings(environment));
        using var nothing = LinuxException.Check(Libc.Open("/dev/null", Libc.ReadWrite), "open /dev/null");
        try
        {
            Prepare(attributes, actions, folder);
            Hand(actions, files, nothing);
            Must(Spawn(out var pid, command[0], actions, attributes, argv.Pointer, envp.Pointer));
            return new Child(pid);
        }
        finally
        {
            argv.Free();
            envp.Free();
            DestroyActions(actions);
            DestroyAttributes(attributes);
            NativeMemory.Free(actions);
            NativeMemory.Free(attributes);
        }
    }

    /// <summary>wait4(2). Call once.</summary>
    public ChildEnd Wait()
    {
        int status;
        Usage usage = default;
        int waited;
        while ((waited = Wait4(pid, out status, 0, &usage)) < 0 && Libc.Error == Libc.EINTR)
        {
        }

        // Its end is not known then, and no code is made up for it.
        LinuxException.Check(waited, "wait for a program");

        var signal = status & 0x7F;
        var cpu = (usage.UserSeconds + usage.SystemSeconds) * 1000 + (usage.UserMicroseconds + usage.SystemMicroseconds) / 1000;
        return new ChildEnd(signal == ExitedByItself ? (status >> 8) & 0xFF : 128 + signal, cpu, usage.MaxResidentKilobytes);
    }

    public void Dispose() => Ended.Dispose();

    private static void Prepare(void* attributes, void* actions, string folder)
    {
        Must(InitAttributes(attributes));
        Must(InitActions(actions));
        Span<ulong> all = stackalloc ulong[SignalWords], none = stackalloc ulong[SignalWords];
        all.Fill(ulong.MaxValue);
        none.Clear();
        Must(SetDefaults(attributes, all));
        Must(SetMask(attributes, none));
        Must(SetFlags(attributes, SetSignalMask | SetSignalDefaults | SetProcessGroup));
        Must(AddFolder(actions, folder));
    }

    // These answer an errno, and do not set it.
    private static void Must(int error)
    {
        Marshal.SetLastPInvokeError(error);
        LinuxException.Check(-error, "prepare a program's start");
    }

    // First out of the way of the numbers that are to be filled, then to its place: a number may be both.
    private static void Hand(void* actions, ReadOnlySpan<SafeFileHandle?> files, SafeFileHandle nothing)
    {
        const int aside = 400; // below every usual limit, above all that the helper has open
        for (var i = 0; i < files.Length; i++)
        {
            Must(AddCopy(actions, (int)(files[i] ?? nothing).DangerousGetHandle(), aside + i));
        }

        for (var i = 0; i < files.Length; i++)
        {
            Must(AddCopy(actions, aside + i, i));
            Must(AddClose(actions, aside + i));
        }
    }

    [LibraryImport("libc", EntryPoint = "posix_spawn", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Spawn(out int pid, string path, void* actions, void* attributes, byte** argv, byte** envp);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_init")]
    private static partial int InitAttributes(void* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_destroy")]
    private static partial int DestroyAttributes(void* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setflags")]
    private static partial int SetFlags(void* attributes, short flags);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigdefault")]
    private static partial int SetDefaults(void* attributes, ReadOnlySpan<ulong> signals);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigmask")]
    private static partial int SetMask(void* attributes, ReadOnlySpan<ulong> signals);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_init")]
    private static partial int InitActions(void* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_destroy")]
    private static partial int DestroyActions(void* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_adddup2")]
    private static partial int AddCopy(void* actions, int from, int to);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_addclose")]
    private static partial int AddClose(void* actions, int file);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_addchdir_np", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int AddFolder(void* actions, string path);

    [LibraryImport("libc", EntryPoint = "wait4", SetLastError = true)]
    private static partial int Wait4(int pid, out int status, int options, Usage* usage);

    /// <summary>struct rusage, as far as it is looked at.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 144)]
    private struct Usage
    {
        public long UserSeconds;
        public long UserMicroseconds;
        public long SystemSeconds;
        public long SystemMicroseconds;
        public long MaxResidentKilobytes;
    }
}

/// <param name="Code">As a shell tells it: 128 and the signal for what a signal ended.</param>
internal readonly record struct ChildEnd(int Code, long CpuMilliseconds, long MemoryKilobytes);
