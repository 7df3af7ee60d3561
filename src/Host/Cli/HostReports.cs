using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fleet.Host.Cli;

/// <summary>The JSON of the commands that are done on the host itself.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(DoctorReport))]
[JsonSerializable(typeof(InitReport))]
[JsonSerializable(typeof(DownReport))]
internal sealed partial class HostReports : JsonSerializerContext
{
    public static HostReports Indented => field ??= new HostReports(new JsonSerializerOptions(Default.Options)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}

/// <param name="Status">The worst of the checks: ok, warn or fail.</param>
internal sealed record DoctorReport(string Status, DoctorCheck[] Checks);

internal sealed record DoctorCheck(string Name, string Status, string Detail, string? Remedy);

/// <param name="Ready">Every step is done or was so already.</param>
internal sealed record InitReport(bool Ready, InitStep[] Steps);

/// <param name="Outcome">already_so, done or failed.</param>
internal sealed record InitStep(string Name, string Outcome, string Detail, string? Remedy);

internal sealed record DownReport(int JobsStopped, bool AgentStopped);
