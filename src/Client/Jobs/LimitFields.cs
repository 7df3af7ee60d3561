using Fleet.Processes;

namespace Fleet.Client.Jobs;

internal static class LimitFields
{
    public static Limits Read(Field limits)
    {
        var keys = limits.Keys(JobFileKeys.Limits);
        return new Limits
        {
            Memory = Memory(keys["memory"]),
            OpenFiles = (ulong?)keys["open_files"].Whole(0, ulong.MaxValue),
            Processes = NoneIfZero((long?)keys["processes"].Whole(long.MinValue, long.MaxValue)),
            CoreFileSize = (ulong?)keys["core_file_size"].Whole(0, ulong.MaxValue),
            Cpu = Normal(keys["cpu"].Fraction()),
        };
    }

    private static long? Memory(Field memory)
    {
        if (memory.Text() is not { } text)
        {
            return null;
        }

        if (YamlScalars.Bytes(text) is { } bytes)
        {
            return NoneIfZero(bytes);
        }

        memory.Wrong($"a memory limit is a number and a unit, such as 512M or 1.5G, and less than 8E; got '{text}'");
        return null;
    }

    // BPM hands a zero to the runtime, which takes it for no limit.
    private static long? NoneIfZero(long? limit) => limit is 0 ? null : limit;

    // 0.5 and 0.50 are the same limit and have the same digest.
    private static decimal? Normal(decimal? number) => number / 1.0000000000000000000000000000m;
}
