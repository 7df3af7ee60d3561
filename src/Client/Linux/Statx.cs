using System.Runtime.InteropServices;

namespace Fleet.Client.Linux;

/// <summary>struct statx (statx(2)): the same layout on every architecture, unlike struct stat.</summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
internal struct Statx
{
    [FieldOffset(4)]
    public uint BlockSize;

    [FieldOffset(16)]
    public uint Links;

    [FieldOffset(20)]
    public uint User;

    [FieldOffset(24)]
    public uint Group;

    [FieldOffset(28)]
    public ushort Mode;

    [FieldOffset(32)]
    public ulong Inode;

    [FieldOffset(40)]
    public ulong Size;

    [FieldOffset(136)]
    public uint DeviceMajor;

    [FieldOffset(140)]
    public uint DeviceMinor;

    public readonly bool IsRegular => (Mode & 0xF000) == 0x8000;

    public readonly bool IsFolder => (Mode & 0xF000) == 0x4000;

    public readonly bool IsSocket => (Mode & 0xF000) == 0xC000;

    public readonly bool IsLink => (Mode & 0xF000) == 0xA000;

    public readonly uint Permissions => (uint)Mode & 0xFFF;
}

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
