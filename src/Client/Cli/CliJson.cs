using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Fleet.Client.Api;

namespace Fleet.Client.Cli;

/// <summary>The JSON of the commands that need no agent.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ValidateReport))]
internal sealed partial class CliJson : JsonSerializerContext
{
    public static CliJson Indented => field ??= new CliJson(new JsonSerializerOptions(Default.Options)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}

internal sealed record ValidateReport(string Job, string Digest, bool NeedsGrant, ValidatedProcess[] Processes);

internal sealed record ValidatedProcess(string Name, AskedInfo[] Privileges);
