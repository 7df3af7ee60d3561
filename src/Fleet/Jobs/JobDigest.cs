using System.Text.Json;

namespace Fleet.Jobs;

/// <summary>The digest of a job's content: SHA-256 over its canonical JSON (FleetJson writes members in declaration order; maps are sorted).</summary>
public static class JobDigest
{
    public static Digest Of(JobSpec spec) => Digest.Of(JsonSerializer.SerializeToUtf8Bytes(spec, FleetJson.Default.JobSpec));

    public static Digest Of(Processes.ProcessSpec spec) => Digest.Of(JsonSerializer.SerializeToUtf8Bytes(spec, FleetJson.Default.ProcessSpec));
}
