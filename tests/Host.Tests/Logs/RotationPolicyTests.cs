using Fleet.Host.Logs;

namespace Fleet.Host.Tests.Logs;

public sealed class RotationPolicyTests
{
    [Theory]
    [InlineData(0, 0)]
    [InlineData(10_000, 0)]
    [InlineData(10_001, 8192)]
    [InlineData(12_288, 8192)] // never the whole file
    [InlineData(12_289, 12_288)]
    public void Whole_blocks_are_moved_and_something_always_stays(long size, long expected) =>
        Assert.Equal(expected, RotationPolicy.BytesToMove(size, 4096, LogRotationSettings.Default with { MaxBytes = 10_000 }));

    [Fact]
    public void Fifty_megabytes_and_five_files_are_the_defaults() =>
        Assert.Equal((50L << 20, 5, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30)),
            (LogRotationSettings.Default.MaxBytes, LogRotationSettings.Default.Keep, LogRotationSettings.Default.Scan, LogRotationSettings.Default.RetryAfter));
}
