using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Fleet.Host.Api;

namespace Fleet.Host.Cli;

/// <summary>The JSON of the commands that need no agent.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ValidateReport))]
[JsonSerializable(typeof(DoctorReport))]
[JsonSerializable(typeof(InitReport))]
[JsonSerializable(typeof(DownReport))]
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

/// <param name="Status">The worst of the checks: ok, warn or fail.</param>
internal sealed record DoctorReport(string Status, DoctorCheck[] Checks);

internal sealed record DoctorCheck(string Name, string Status, string Detail, string? Remedy);

/// <param name="Ready">Every step is done or was so already.</param>
internal sealed record InitReport(bool Ready, InitStep[] Steps);

/// <param name="Outcome">already_so, done or failed.</param>
internal sealed record InitStep(string Name, string Outcome, string Detail, string? Remedy);

internal sealed record DownReport(int JobsStopped, bool AgentStopped);
