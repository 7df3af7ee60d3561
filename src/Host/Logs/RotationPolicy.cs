namespace Fleet.Host.Logs;

/// <summary>Decides, from numbers alone, how much of a live log is moved away.</summary>
public static class RotationPolicy
{
    /// <summary>
    /// The number of bytes to take from the head of the file; 0: leave it. Always whole blocks, because only those can be
    /// cut out of a file, and always less than the file, because a cut that reaches its end is refused (fallocate(2)).
    /// </summary>
    /// <param name="blockSize">Of the file system, in bytes; above 0.</param>
    public static long BytesToMove(long size, long blockSize, LogRotationSettings settings) =>
        size > settings.MaxBytes ? (size - 1) / blockSize * blockSize : 0;
}
