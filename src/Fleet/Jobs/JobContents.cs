namespace Fleet.Jobs;

/// <summary>The contents that a specification names by their digests: secrets and files.</summary>
public static class JobContents
{
    /// <summary>What one process of it needs, each once.</summary>
    public static IEnumerable<Digest> Of(JobSpec spec, Processes.ProcessSpec process) => Of(spec with { Processes = [process] }).Distinct();

    public static IEnumerable<Digest> Of(JobSpec spec) =>
        spec.Files.Select(f => f.Content).Concat(spec.Processes.SelectMany(p => p.Env.Values).OfType<Processes.EnvValue.Secret>().Select(s => s.Digest));
}
