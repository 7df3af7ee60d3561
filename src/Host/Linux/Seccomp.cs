using System.Runtime.InteropServices;

namespace Fleet.Host.Linux;

/// <summary>libseccomp (seccomp_init(3) and its neighbours).</summary>
internal static partial class Seccomp
{
    public const uint Allow = 0x7fff0000, ErrnoBase = 0x00050000;

    public const string Library = "libseccomp.so.2";

    [LibraryImport(Library, EntryPoint = "seccomp_init")]
    public static partial nint Init(uint defaultAction);

    [LibraryImport(Library, EntryPoint = "seccomp_release")]
    public static partial void Release(nint filter);

    /// <summary>Negative if the name is unknown (-1) or of another architecture (below -1).</summary>
    [LibraryImport(Library, EntryPoint = "seccomp_syscall_resolve_name", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Resolve(string name);

    /// <returns>0, or a negative errno.</returns>
    [LibraryImport(Library, EntryPoint = "seccomp_rule_add_array")]
    public static partial int AddRule(nint filter, uint action, int syscall, uint count, [In] Comparison[] comparisons);

    [LibraryImport(Library, EntryPoint = "seccomp_attr_set")]
    public static partial int SetAttribute(nint filter, uint attribute, uint value);

    [LibraryImport(Library, EntryPoint = "seccomp_export_bpf")]
    public static partial int Export(nint filter, int fd);

    [LibraryImport(Library, EntryPoint = "seccomp_version")]
    private static partial nint RawVersion();

    public static string Version()
    {
        unsafe
        {
            var v = (uint*)RawVersion();
            return $"{v[0]}.{v[1]}.{v[2]}";
        }
    }

    /// <summary>struct scmp_arg_cmp.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Comparison
    {
        public uint Argument;
        public int Operator;
        public ulong DatumA;
        public ulong DatumB;
    }
}
