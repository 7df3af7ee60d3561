using System.Buffers.Binary;
using System.Text.RegularExpressions;
using Fleet.Client.Linux;
using Fleet.Host.Linux;

namespace Fleet.Host.Hosts;

/// <summary>Why a program should not be as it is.</summary>
/// <param name="Remedy">A command that the path follows.</param>
internal sealed partial record ProgramFinding(DoctorStatus Status, string Why, string Remedy)
{
    private const uint SetUid = 0x800, SetGid = 0x400, WritableByOthers = 0x12;

    // capability.h. chown, dac_override, dac_read_search, fowner, setgid, setuid, setpcap, sys_module, sys_rawio, sys_ptrace, sys_admin, mknod, setfcap, bpf.
    private static readonly ulong AsGoodAsRoot = new[] { 0, 1, 2, 3, 6, 7, 8, 16, 17, 19, 21, 27, 31, 39 }.Aggregate(0UL, (set, bit) => set | 1UL << bit);

    /// <summary>Whether who executes it becomes root, or of root's group.</summary>
    public static bool BecomesRoot(Statx stat) =>
        (stat.Permissions & SetUid) != 0 && stat.User == 0 || (stat.Permissions & SetGid) != 0 && stat.Group == 0;

    /// <param name="own">Whether it is in the agent's own folders.</param>
    /// <param name="usual">Whether it is where packages put such programs.</param>
    /// <returns>Null: nothing is wrong with it.</returns>
    public static ProgramFinding? Of(string path, Statx stat, bool own, bool usual, AgentIdentity agent)
    {
        const string Drop = "chmod u-s,g-s";
        var interpreter = Interpreter().IsMatch(Path.GetFileName(path));
        return BecomesRoot(stat) switch
        {
            true when own => new(DoctorStatus.Fail, "is set-uid root in the agent's own folders", Drop),
            true when (stat.Permissions & WritableByOthers) != 0 => new(DoctorStatus.Fail, "is set-uid root and can be written by others", $"{Drop},go-w"),
            true when !agent.Can(stat, AgentIdentity.Execute) => null,
            true when interpreter => new(DoctorStatus.Fail, "is an interpreter and set-uid root: it runs anything as root", Drop),
            true when !usual => new(DoctorStatus.Warn, "is set-uid root where no package puts such", Drop),
            false when interpreter && agent.Can(stat, AgentIdentity.Execute) => OfCapabilities(Capabilities(path)),
            _ => null,
        };
    }

    private static ProgramFinding? OfCapabilities(ulong set) => set switch
    {
        0 => null,
        _ when (set & AsGoodAsRoot) != 0 => new(DoctorStatus.Fail, "is an interpreter with capabilities that are as good as root", "setcap -r"),
        _ => new(DoctorStatus.Warn, "is an interpreter with capabilities, for whatever it is told to run", "setcap -r"),
    };

    /// <summary>What a program's file permits it (struct vfs_cap_data, linux/capability.h). Those that a user namespace gave its own count for nothing outside.</summary>
    private static ulong Capabilities(string path)
    {
        Span<byte> data = stackalloc byte[24];
        data.Clear();
        var length = (int)Files.Attribute(path, "security.capability", data, data.Length);
        return length < 20 || BinaryPrimitives.ReadUInt32LittleEndian(data[20..]) != 0
            ? 0
            : BinaryPrimitives.ReadUInt32LittleEndian(data[4..]) | (ulong)BinaryPrimitives.ReadUInt32LittleEndian(data[12..]) << 32;
    }

    [GeneratedRegex(@"^(sh|bash|dash|zsh|ksh|mksh|fish|busybox|toybox|env|python|perl|ruby|node|nodejs|deno|bun|php|lua|luajit|tclsh|wish|expect|gdb|[gmn]?awk|vim?|nvim|emacs|java|dotnet|guile)[-.]?[0-9.]*(basic|tiny|nox)?$")]
    private static partial Regex Interpreter();
}
