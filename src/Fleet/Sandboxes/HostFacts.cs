using System.Collections.Immutable;
using Fleet.Hosts;
using Fleet.Processes;

namespace Fleet.Sandboxes;

/// <summary>What a sandbox's specification needs to know of the host it is for.</summary>
public sealed record HostFacts
{
    public required HostPaths Paths { get; init; }

    /// <summary>PID 1 of each sandbox; below a folder that every sandbox sees (<see cref="OciMounts.System"/>).</summary>
    public required string Tini { get; init; }

    /// <summary>BPM's user on this host; null where it has none or its ids do not fit into a slice.</summary>
    public UserIds? Vcap { get; init; }

    /// <summary>Which of <see cref="OciMounts.System"/> and <see cref="OciMounts.Resolver"/> the host has.</summary>
    public required ImmutableHashSet<string> Existing { get; init; }

    public required SeccompChoice Seccomp { get; init; }

    /// <summary>A secret env value by its digest; null if the host does not have it.</summary>
    public required Func<Digest, string?> Secret { get; init; }
}

/// <summary>How the runtime is given the system-call filter.</summary>
public abstract record SeccompChoice
{
    private SeccompChoice()
    {
    }

    /// <summary>Compiled beforehand, which saves 4 to 30 ms a start.</summary>
    /// <param name="Bpf">The filter's instructions, in base64 (crun's annotation run.oci.seccomp_bpf_data).</param>
    public sealed record Compiled(string Bpf) : SeccompChoice;

    /// <summary>For a runtime that compiles it itself (runc).</summary>
    /// <param name="Architecture">As the specification names it, such as SCMP_ARCH_X86_64.</param>
    public sealed record Listed(string Architecture) : SeccompChoice;
}
