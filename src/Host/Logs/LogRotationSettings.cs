namespace Fleet.Host.Logs;

/// <summary>When a process's output file is rotated and how much of it is kept.</summary>
/// <param name="MaxBytes">A file above this size is rotated at the next scan; at least 64 KiB. It may be exceeded by what is written in one scan.</param>
/// <param name="Keep">Rotated files that are kept, as FILE.1 (newest) to FILE.N; 1 to 100.</param>
/// <param name="Scan">Between two looks at all files.</param>
/// <param name="RetryAfter">A file whose rotation failed (a full disk) is left alone for so long.</param>
public sealed record LogRotationSettings(long MaxBytes, int Keep, TimeSpan Scan, TimeSpan RetryAfter)
{
    public static readonly LogRotationSettings Default = new(50L * 1024 * 1024, 5, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30));
}
