using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Fleet.Sandboxes;

/// <summary>An OCI runtime configuration, as far as Fleet uses it (OCI runtime-spec 1.0.2, config.md and config-linux.md).</summary>
public sealed record OciConfig(
    string OciVersion,
    OciRoot Root,
    OciProcess Process,
    ImmutableArray<OciMount> Mounts,
    OciLinux Linux,
    ImmutableSortedDictionary<string, string> Annotations);

public sealed record OciRoot(string Path, bool Readonly);

public sealed record OciProcess(
    ImmutableArray<string> Args,
    ImmutableArray<string> Env,
    string Cwd,
    OciUser User,
    bool NoNewPrivileges,
    OciCapabilities Capabilities,
    ImmutableArray<OciRlimit> Rlimits);

public sealed record OciUser(int Uid, int Gid, ImmutableArray<int> AdditionalGids);

/// <summary>Of the baseline: none, and said so, because a runtime has defaults for what is left out.</summary>
public sealed record OciCapabilities(
    ImmutableArray<string> Bounding,
    ImmutableArray<string> Effective,
    ImmutableArray<string> Permitted,
    ImmutableArray<string> Inheritable,
    ImmutableArray<string> Ambient)
{
    public static readonly OciCapabilities None = new([], [], [], [], []);
}

public sealed record OciRlimit(string Type, ulong Soft, ulong Hard);

public sealed record OciMount(string Destination, string Type, string Source, ImmutableArray<string> Options);

public sealed record OciLinux(
    ImmutableArray<OciNamespace> Namespaces,
    ImmutableArray<OciIdMapping> UidMappings,
    ImmutableArray<OciIdMapping> GidMappings,
    string RootfsPropagation,
    ImmutableArray<string> MaskedPaths,
    ImmutableArray<string> ReadonlyPaths,
    OciSeccomp? Seccomp,
    ImmutableArray<OciDevice>? Devices = null);

/// <param name="Type">c or b.</param>
/// <param name="FileMode">Of its permissions alone.</param>
public sealed record OciDevice(string Path, string Type, long Major, long Minor, uint FileMode, int Uid, int Gid);

public sealed record OciNamespace(string Type);

public sealed record OciIdMapping(
    [property: JsonPropertyName("containerID")] long ContainerId,
    [property: JsonPropertyName("hostID")] long HostId,
    long Size);

public sealed record OciSeccomp(string DefaultAction, ImmutableArray<string> Architectures, ImmutableArray<OciSyscall> Syscalls);

public sealed record OciSyscall(ImmutableArray<string> Names, string Action, uint? ErrnoRet, ImmutableArray<OciSyscallArg> Args);

public sealed record OciSyscallArg(uint Index, ulong Value, ulong ValueTwo, string Op);

/// <summary>JSON as the runtimes read it: camel case, nothing that is null.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(OciConfig))]
[JsonSerializable(typeof(OciProcess))]
public sealed partial class OciJson : JsonSerializerContext;

/// <summary>As <see cref="OciJson"/>, of who writes a configuration and never reads one: without what reading takes, which the root helper would make anew at each start.</summary>
[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Serialization,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(OciConfig))]
public sealed partial class OciWriting : JsonSerializerContext;
