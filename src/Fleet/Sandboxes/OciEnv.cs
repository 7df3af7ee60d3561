using System.Collections.Immutable;
using System.Diagnostics;
using Fleet.Hosts;
using Fleet.Processes;

namespace Fleet.Sandboxes;

/// <summary>A sandbox's environment: the job file's, then BPM's defaults for what it does not name; nothing of the agent's own.</summary>
public static class OciEnv
{
    private const string SearchPath = "bin:/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin:.";

    /// <summary>Null if a secret's value is not on this host; <paramref name="missing"/> then is its name.</summary>
    public static ImmutableArray<string>? Of(SandboxRequest request, HostFacts facts, out string? missing) => Of(request, facts, Defaults(request, facts.Paths), out missing);

    /// <summary>
    /// The same for a hook that runs on the host itself, where BPM's folders are others': programs, settings and temporary files are looked for where root alone can
    /// put them, but for what the job file names.
    /// </summary>
    public static ImmutableArray<string>? OnHost(SandboxRequest request, HostFacts facts, out string? missing) => Of(
        request, facts, [("LANG", "en_US.UTF-8"), ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"), ("HOME", "/root")], out missing);

    private static ImmutableArray<string>? Of(SandboxRequest request, HostFacts facts, IEnumerable<(string Name, string Value)> defaults, out string? missing)
    {
        var env = ImmutableArray.CreateBuilder<string>();
        missing = null;
        foreach (var (name, value) in request.Spec.Env)
        {
            if (Text(value, facts) is not { } text)
            {
                missing = name;
                return null;
            }

            env.Add($"{name}={text}");
        }

        env.AddRange(defaults.Where(d => !request.Spec.Env.ContainsKey(d.Name)).Select(d => $"{d.Name}={d.Value}"));
        return env.ToImmutable();
    }

    private static string? Text(EnvValue value, HostFacts facts) => value switch
    {
        EnvValue.Plain plain => plain.Value,
        EnvValue.Secret secret => facts.Secret(secret.Digest),
        _ => throw new UnreachableException($"no text for {value.GetType()}"),
    };

    // HOME is set even where data/JOB is not mounted: so it is in BPM.
    private static IEnumerable<(string Name, string Value)> Defaults(SandboxRequest request, HostPaths host)
    {
        var (job, inside) = (request.Process.Job, host with { Bosh = HostPaths.Inside });
        return
        [
            ("TMPDIR", inside.Tmp(job)),
            ("LANG", "en_US.UTF-8"),
            ("PATH", $"{inside.Job(job)}/{SearchPath}"),
            ("HOME", inside.Data(job)),
        ];
    }
}
