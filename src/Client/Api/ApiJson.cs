using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fleet.Client.Api;

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
[JsonSerializable(typeof(GrantList))]
[JsonSerializable(typeof(GrantDetail))]
[JsonSerializable(typeof(GrantChanged))]
[JsonSerializable(typeof(GrantRequest))]
[JsonSerializable(typeof(SignatureRequest))]
[JsonSerializable(typeof(ReasonRequest))]
[JsonSerializable(typeof(RunGrantRequest))]
[JsonSerializable(typeof(RevokeRequest))]
[JsonSerializable(typeof(RootRunLine))]
[JsonSerializable(typeof(RootPolicyInfo))]
[JsonSerializable(typeof(ShutdownReply))]
public sealed partial class ApiJson : JsonSerializerContext
{
    /// <summary>For a terminal or a file, where <c>'</c> and <c>&lt;</c> need no escape: indented, one object.</summary>
    public static ApiJson Indented => field ??= Printed(indented: true);

    /// <summary>As <see cref="Indented"/>, in one line.</summary>
    public static ApiJson Line => field ??= Printed(indented: false);

    private static ApiJson Printed(bool indented) => new(new JsonSerializerOptions(Default.Options)
    {
        WriteIndented = indented,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
