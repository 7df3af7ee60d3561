using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Fleet.Hosts;
using Fleet.Jobs;
using Fleet.Processes;

namespace Fleet.Privileges;

/// <param name="Why">The key of the job file that asks for it, such as <c>unsafe.privileged</c>.</param>
public sealed record AskedPrivilege(Privilege Privilege, string Why);

/// <summary>
/// A set of privileges with its order: <see cref="Covers"/> is subsumption. Empty is the baseline. Members are sorted by their text, so equal sets print alike.
/// </summary>
[JsonConverter(typeof(PrivilegeSetConverter))]
public sealed class PrivilegeSet : IEquatable<PrivilegeSet>
{
    public static readonly PrivilegeSet Baseline = new([]);

    public PrivilegeSet(IEnumerable<Privilege> privileges) =>
        Members = [.. privileges.Distinct().OrderBy(p => p.ToString(), StringComparer.Ordinal)];

    public ImmutableArray<Privilege> Members { get; }

    public bool IsBaseline => Members.IsEmpty;

    /// <summary>Everything that a process of <paramref name="job"/> asks beyond the baseline.</summary>
    public static PrivilegeSet Of(JobId job, ProcessSpec process) => new(Asked(job, process).Select(a => a.Privilege));

    /// <summary>Everything that any process of the job asks.</summary>
    public static PrivilegeSet Of(JobSpec job) => new(job.Processes.SelectMany(process => Of(job.Id, process).Members));

    /// <summary>What a process asks, each with the key that asks for it; what two keys ask for stands there twice.</summary>
    public static IEnumerable<AskedPrivilege> Asked(JobId job, ProcessSpec process) =>
    [
        .. process.Unsafe.Privileged ? BpmPrivileged.Select(p => new AskedPrivilege(p, "unsafe.privileged")) : [],
        .. process.Capabilities.Select(c => new AskedPrivilege(new Privilege.Capability(c), "capabilities")),
        .. process.Unsafe.UnrestrictedVolumes.Select(v =>
            new AskedPrivilege(new Privilege.UnrestrictedVolume(v.Path, v.Writable, v.AllowExecutions), "unsafe.unrestricted_volumes")),
        .. process.AdditionalVolumes.Where(v => !IsOwn(job, v)).Select(v =>
            new AskedPrivilege(new Privilege.UnrestrictedVolume(v.Path, v.Writable, v.AllowExecutions), "additional_volumes")),
        .. process.Unsafe.HostPidNamespace ? [new AskedPrivilege(new Privilege.HostPidNamespace(), "unsafe.host_pid_namespace")] : (AskedPrivilege[])[],
        .. process.Privileges.Select(p => new AskedPrivilege(p, "privileges")),
    ];

    /// <summary>Whether whoever holds this set holds all of <paramref name="other"/>.</summary>
    public bool Covers(PrivilegeSet other) => Missing(other).IsBaseline;

    /// <summary>What of <paramref name="other"/> this set does not cover.</summary>
    public PrivilegeSet Missing(PrivilegeSet other) => new(other.Members.Where(asked => !Members.Any(held => Subsumes(held, asked))));

    public PrivilegeSet Union(PrivilegeSet other) => new(Members.Concat(other.Members));

    public bool Equals(PrivilegeSet? other) => other is not null && Members.SequenceEqual(other.Members);

    public override bool Equals(object? obj) => Equals(obj as PrivilegeSet);

    public override int GetHashCode() => Members.Aggregate(0, HashCode.Combine);

    public override string ToString() => string.Join(' ', Members);

    // The baseline is the job's own folders, and the packages that every sandbox sees anyway. BPM lets a volume be any path below its root; another job's
    // folder, or one that holds those of all jobs, is nothing that a job may take without being asked why.
    private static bool IsOwn(JobId job, Volume volume) =>
        IsAtOrBelow(volume.Path, $"{HostPaths.Inside}/data/{job.FolderName}") || IsAtOrBelow(volume.Path, $"{HostPaths.Inside}/store/{job.FolderName}")
        || (!volume.Writable && (IsAtOrBelow(volume.Path, $"{HostPaths.Inside}/jobs/{job.FolderName}")
            || IsAtOrBelow(volume.Path, $"{HostPaths.Inside}/packages") || IsAtOrBelow(volume.Path, $"{HostPaths.Inside}/data/packages")));

    private static bool IsAtOrBelow(string path, string folder) => path == folder || path.StartsWith($"{folder}/", StringComparison.Ordinal);

    // A writable volume covers the same volume read-only; nothing else covers anything but itself (paths are compared whole, never by prefix:
    // a grant for /var/log is not one for what somebody mounts below it).
    private static bool Subsumes(Privilege held, Privilege asked) => (held, asked) switch
    {
        (Privilege.UnrestrictedVolume h, Privilege.UnrestrictedVolume a) =>
            h.Path == a.Path && (h.Writable || !a.Writable) && (h.AllowExecutions || !a.AllowExecutions),
        (Privilege.Device h, Privilege.Device a) => h.Path == a.Path && (h.Writable || !a.Writable),
        _ => held == asked,
    };

    /// <summary>BPM's WithPrivileged: root, 38 capabilities, no filter, no masked paths, no nosuid, no no_new_privs.</summary>
    private static IEnumerable<Privilege> BpmPrivileged =>
    [
        new Privilege.RunAsRoot(), new Privilege.NoSeccomp(), new Privilege.NewPrivileges(), new Privilege.SuidMounts(), new Privilege.UnmaskedPaths(),
        .. CapabilityNames.BpmPrivileged.Select(c => new Privilege.Capability(c)),
    ];
}

public sealed class PrivilegeSetConverter : JsonConverter<PrivilegeSet>
{
    private static readonly PrivilegeConverter One = new();

    public override PrivilegeSet Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            throw new JsonException("a set of privileges is an array of strings");
        }

        var members = new List<Privilege>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            members.Add(One.Read(ref reader, typeof(Privilege), options));
        }

        return new PrivilegeSet(members);
    }

    public override void Write(Utf8JsonWriter writer, PrivilegeSet value, JsonSerializerOptions options)
    {
        writer.WriteStartArray();
        foreach (var privilege in value.Members)
        {
            One.Write(writer, privilege, options);
        }

        writer.WriteEndArray();
    }
}
