using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Fleet.Privileges;

namespace Fleet.Processes;

/// <summary>One process of a job: BPM's keys (shared/reference: bpm.yml) and Fleet's beside them. Every value is checked by <see cref="Jobs.JobRules"/>.</summary>
public sealed record ProcessSpec
{
    public required string Name { get; init; }

    /// <summary>Path inside the sandbox.</summary>
    public required string Executable { get; init; }

    public ImmutableArray<string> Args { get; init; } = [];

    public ImmutableSortedDictionary<string, EnvValue> Env { get; init; } = ImmutableSortedDictionary.Create<string, EnvValue>(StringComparer.Ordinal);

    /// <summary>Null: the job's folder (<c>/var/vcap/jobs/JOB</c>), as BPM has it.</summary>
    public string? Workdir { get; init; }

    public Hooks Hooks { get; init; } = new(null);

    public ImmutableArray<string> Capabilities { get; init; } = [];

    public Limits Limits { get; init; } = new();

    public bool EphemeralDisk { get; init; }

    public bool PersistentDisk { get; init; }

    public ImmutableArray<Volume> AdditionalVolumes { get; init; } = [];

    public Unsafe Unsafe { get; init; } = new(false, [], false);

    public ShutdownSignal ShutdownSignal { get; init; } = ShutdownSignal.Term;

    public RestartPolicy Restart { get; init; } = new();

    public HealthCheck? Health { get; init; }

    /// <summary>Null: BPM's ladder, the shutdown signal, 15 s, QUIT, 2 s, KILL (BPM lifecycle.go, DefaultStopTimeout).</summary>
    public StopLadder? Stop { get; init; }

    /// <summary>Ids inside the sandbox; null: BPM's <c>vcap</c> where the host has it, else 1000:1000.</summary>
    public UserIds? User { get; init; }

    /// <summary>Privileges named in their typed form, beside those that <see cref="Unsafe"/> and <see cref="Capabilities"/> stand for.</summary>
    public ImmutableArray<Privilege> Privileges { get; init; } = [];
}

/// <summary>An env value: in plain text, or, where the job file marks it secret, only its digest.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(Plain), "plain")]
[JsonDerivedType(typeof(Secret), "secret")]
public abstract record EnvValue
{
    private EnvValue()
    {
    }

    public sealed record Plain(string Value) : EnvValue;

    public sealed record Secret(Digest Digest) : EnvValue;
}

/// <param name="PreStart">Path of a program run to its end before each start, in the sandbox and as the process's user.</param>
public sealed record Hooks(string? PreStart);

/// <summary>Null means: no limit of our own.</summary>
public sealed record Limits
{
    /// <summary>Bytes, above 0.</summary>
    public long? Memory { get; init; }

    /// <summary>RLIMIT_NOFILE, soft and hard.</summary>
    public ulong? OpenFiles { get; init; }

    /// <summary>The pids cgroup's limit; -1 is unlimited.</summary>
    public long? Processes { get; init; }

    /// <summary>RLIMIT_CORE in bytes, soft and hard.</summary>
    public ulong? CoreFileSize { get; init; }

    /// <summary>CPUs' worth of time, such as 0.5 or 2; 0.01 to 1024.</summary>
    public decimal? Cpu { get; init; }
}

/// <summary>A bind mount at the same path inside and outside (below BPM's root).</summary>
public sealed record Volume(string Path, bool Writable = false, bool AllowExecutions = false, bool MountOnly = false, bool Shared = false);

public sealed record Unsafe(bool Privileged, ImmutableArray<Volume> UnrestrictedVolumes, bool HostPidNamespace);

[JsonConverter(typeof(SnakeCaseEnum<ShutdownSignal>))]
public enum ShutdownSignal
{
    Term,
    Int,
}

/// <param name="Uid">0 to 65535: the size of a job's slice of sub-ids; 0 is the sandbox's own root, nobody on the host.</param>
public sealed record UserIds(int Uid, int Gid);
