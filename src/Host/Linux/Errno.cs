namespace Fleet.Host.Linux;

/// <summary>Why a system call failed (errno(3)).</summary>
internal static class Errno
{
    public const int EPERM = 1, ENOENT = 2, ENXIO = 6, EACCES = 13, EEXIST = 17, ENOTDIR = 20, EISDIR = 21, EINVAL = 22, ENOSPC = 28, ELOOP = 40, EOPNOTSUPP = 95, EDQUOT = 122;
}
