using System.Runtime.InteropServices;

namespace Fleet.Host.Linux;

/// <summary>struct fiemap with room for one extent: where the file's first block lies on the disk.</summary>
[StructLayout(LayoutKind.Explicit, Size = 32 + 56)]
internal struct FirstExtent
{
    internal const nuint Request = 0xC020660B; // FS_IOC_FIEMAP

    [FieldOffset(8)]
    public ulong Length;

    [FieldOffset(16)]
    public uint Flags; // FIEMAP_FLAG_SYNC = 1: blocks that are only reserved get their place first

    [FieldOffset(20)]
    public uint Mapped;

    [FieldOffset(24)]
    public uint Room;

    [FieldOffset(32)]
    public ulong Logical;

    [FieldOffset(40)]
    public ulong Physical;
}
