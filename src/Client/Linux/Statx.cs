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
