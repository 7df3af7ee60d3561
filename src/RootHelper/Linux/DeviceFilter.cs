using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Fleet.RootTasks;
using Microsoft.Win32.SafeHandles;

namespace Fleet.RootHelper.Linux;

/// <summary>
/// Which devices the processes of a cgroup may open: a small program that the kernel asks each time (bpf(2), BPF_PROG_TYPE_CGROUP_DEVICE; kernel:
/// cgroup-v2.rst, "Device controller"). Whoever may make nodes could otherwise make that of a disk.
/// </summary>
internal static partial class DeviceFilter
{
    private const uint Block = 1, Character = 2, Make = 1, Read = 2, Write = 4; // BPF_DEVCG_DEV_*, BPF_DEVCG_ACC_*
    private const int Any = -1;

    private const int LoadProgram = 5, AttachProgram = 8, TypeOfProgram = 15, KindOfAttachment = 6;
    private const uint BesideOthers = 2; // BPF_F_ALLOW_MULTI: what runs inside may narrow it further

    private static readonly bool Arm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

    private readonly record struct Rule(uint Type, uint Access, int Major, int Minor);

    // What every sandbox may (runc's and BPM's list): any node may be made, and of these the ordinary ones opened: null, zero, full, random, urandom, tty,
    // ptmx, tun, and pseudo-terminals.
    private static readonly ImmutableArray<Rule> Ordinary =
    [
        new(Character, Make, Any, Any), new(Block, Make, Any, Any), Node(1, 3), Node(1, 5), Node(1, 7), Node(1, 8), Node(1, 9), Node(5, 0), Node(5, 2), Node(10, 200), Node(136, Any),
    ];

    /// <param name="group">Of the version 2 hierarchy.</param>
    /// <param name="devices">That may be opened beside the ordinary ones.</param>
    /// <exception cref="LinuxException">The kernel does not take it; nothing may run in the group then.</exception>
    public static unsafe void Attach(string group, IEnumerable<DeviceNode> devices)
    {
        var rules = devices.Select(d => new Rule(d.Kind == "b" ? Block : Character, Make | Read | (d.Writable ? Write : 0), (int)d.Major, (int)d.Minor));
        var program = Assemble([.. Ordinary, .. rules]);
        using var folder = LinuxException.Check(Libc.Open(group, Libc.ReadOnly | Libc.Folder), $"open {group}");
        fixed (ulong* code = program)
        fixed (byte* license = "Apache-2.0\0"u8)
        {
            var load = new LoadArguments { Type = TypeOfProgram, Count = (uint)program.Length, Code = (ulong)code, License = (ulong)license };
            using var loaded = LinuxException.Check(new SafeFileHandle((nint)Bpf(Number, LoadProgram, &load, (uint)sizeof(LoadArguments)), true), "load a device filter");
            var attach = new AttachArguments
            {
                Target = (uint)folder.DangerousGetHandle(), Program = (uint)loaded.DangerousGetHandle(), Type = KindOfAttachment, Flags = BesideOthers,
            };
            LinuxException.Check(Bpf(Number, AttachProgram, &attach, (uint)sizeof(AttachArguments)), $"hold {group} to its devices");
        }
    }

    private static Rule Node(int major, int minor) => new(Character, Make | Read | Write, major, minor);

    private static long Number => Arm ? 280 : 321;

    // r1 is the context: access and type in one word, major, minor (linux/bpf.h, struct bpf_cgroup_dev_ctx). 1 lets it be, 0 does not.
    private static ulong[] Assemble(ImmutableArray<Rule> rules)
    {
        var code = new List<ulong>
        {
            Instruction(0x61, 2, 1, 0), Instruction(0xBC, 3, 2), Instruction(0x54, 3, imm: 0xFFFF), Instruction(0xBC, 4, 2), Instruction(0x74, 4, imm: 16),
            Instruction(0x61, 5, 1, 4), Instruction(0x61, 6, 1, 8),
        };
        rules.ToList().ForEach(rule => code.AddRange(Test(rule)));
        return [.. code, Instruction(0xB7, 0, imm: 0), Instruction(0x95)];
    }

    // Each condition that does not hold leaps over the rest of the rule.
    private static IEnumerable<ulong> Test(Rule rule)
    {
        (byte Register, int Value)[] numbers = [.. rule.Major == Any ? [] : ((byte, int)[])[(5, rule.Major)], .. rule.Minor == Any ? [] : ((byte, int)[])[(6, rule.Minor)]];
        var left = (short)(5 + numbers.Length);
        yield return Instruction(0x55, 3, off: left, imm: (int)rule.Type);
        yield return Instruction(0xBC, 2, 4);
        yield return Instruction(0x54, 2, imm: (int)~rule.Access);
        yield return Instruction(0x55, 2, off: left -= 3, imm: 0);
        foreach (var (register, value) in numbers)
        {
            yield return Instruction(0x55, register, off: --left, imm: value);
        }

        yield return Instruction(0xB7, 0, imm: 1);
        yield return Instruction(0x95);
    }

    // struct bpf_insn; both architectures are little-endian.
    private static ulong Instruction(byte code, byte to = 0, byte from = 0, short off = 0, int imm = 0) =>
        code | (ulong)(byte)(to | (from << 4)) << 8 | (ulong)(ushort)off << 16 | (ulong)(uint)imm << 32;

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static unsafe partial long Bpf(long number, int command, void* arguments, uint size);

    /// <summary>union bpf_attr, of BPF_PROG_LOAD.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct LoadArguments
    {
        public uint Type;
        public uint Count;
        public ulong Code;
        public ulong License;
    }

    /// <summary>union bpf_attr, of BPF_PROG_ATTACH.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct AttachArguments
    {
        public uint Target;
        public uint Program;
        public uint Type;
        public uint Flags;
    }
}
