using System.Text.Json.Serialization;
using Fleet.Grants;
using Fleet.Jobs;
using Fleet.RootTasks;
using Fleet.Sandboxes;

namespace Fleet;

/// <summary>
/// The JSON of what the root helper reads and writes, as strict as <see cref="FleetJson"/> and for the same bytes. Apart from it, because whoever names a
/// context carries every type in it: the program that runs as root has no use for the events, and they would be a quarter of it, unpacked at each start.
/// </summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    AllowDuplicateProperties = false)]
[JsonSerializable(typeof(GrantDocument))]
[JsonSerializable(typeof(RootPolicy))]
[JsonSerializable(typeof(JobsPolicy))]
[JsonSerializable(typeof(RootStarted))]
[JsonSerializable(typeof(RootRefusal))]
[JsonSerializable(typeof(RootReceipt))]
[JsonSerializable(typeof(RootJobStarted))]
[JsonSerializable(typeof(RootJobRun))]
[JsonSerializable(typeof(KernelView))]
[JsonSerializable(typeof(JobSpec))]
[JsonSerializable(typeof(RootLogEntry))]
[JsonSerializable(typeof(RootRevocation))]
public sealed partial class RootJson : JsonSerializerContext;
