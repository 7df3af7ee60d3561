using System.Text.Json;
using Fleet.Processes;

namespace Fleet.Jobs;

/// <summary>The digest of a job's content: SHA-256 over its canonical JSON (FleetJson writes members in declaration order; maps are sorted).</summary>
public static class JobDigest
{
    public static Digest Of(JobSpec spec) => Digest.Of(JsonSerializer.SerializeToUtf8Bytes(spec, FleetJson.Default.JobSpec));

    /// <summary>Of what one process of the job depends on: its own specification and the job's files.</summary>
    public static Digest Of(JobSpec job, ProcessSpec process) => Of(job with { Processes = [process] });
}
