using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fleet.Host.Api;

/// <summary>The JSON of the API, both of the agent and of its client: source-generated, so that a command starts without reflection.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DictionaryKeyPolicy = JsonKnownNamingPolicy.Unspecified,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    AllowDuplicateProperties = false)]
[JsonSerializable(typeof(VersionInfo))]
[JsonSerializable(typeof(ErrorReply))]
[JsonSerializable(typeof(ReadyInfo))]
[JsonSerializable(typeof(JobList))]
[JsonSerializable(typeof(JobDetail))]
[JsonSerializable(typeof(JobChanged))]
[JsonSerializable(typeof(JobHistory))]
[JsonSerializable(typeof(DiffReply))]
[JsonSerializable(typeof(PlanReply))]
[JsonSerializable(typeof(RunRequest))]
[JsonSerializable(typeof(RevertRequest))]
[JsonSerializable(typeof(LogLine))]
[JsonSerializable(typeof(UnsafeList))]
[JsonSerializable(typeof(HostInfo))]
[JsonSerializable(typeof(HostProcessList))]
[JsonSerializable(typeof(AuditLine))]
[JsonSerializable(typeof(ShutdownReply))]
public sealed partial class ApiJson : JsonSerializerContext
{
    /// <summary>As the default, but indented: for people who ask for JSON on a terminal.</summary>
    public static ApiJson Indented => field ??= new ApiJson(new JsonSerializerOptions(Default.Options) { WriteIndented = true });
}
