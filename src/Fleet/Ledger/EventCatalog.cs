using System.Collections.Frozen;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Fleet.Hosts;
using Fleet.Jobs;
using Fleet.Processes;

namespace Fleet.Ledger;

/// <summary>Every event that can be stored: its stored name and its JSON, both ways. The only place that knows them all.</summary>
public static class EventCatalog
{
    private static readonly FrozenDictionary<string, JsonTypeInfo> ByName = JsonOf(FleetJson.Default).ToFrozenDictionary(t => NameOf(t.Type));

    private static readonly FrozenDictionary<Type, string> Names = ByName.ToFrozenDictionary(e => e.Value.Type, e => e.Key);

    public static IEnumerable<string> StoredNames => ByName.Keys;

    public static string NameOf(FleetEvent @event) => Names[@event.GetType()];

    public static byte[] Write(Recorded recorded)
    {
        using var buffer = new MemoryStream(512);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WritePropertyName("envelope");
            JsonSerializer.Serialize(writer, recorded.Envelope, FleetJson.Default.Envelope);
            writer.WritePropertyName("event");
            JsonSerializer.Serialize(writer, recorded.Event, ByName[recorded.Envelope.Name]);
            writer.WriteEndObject();
        }

        return buffer.ToArray();
    }

    /// <exception cref="JsonException">The bytes are not a recorded event, or of a stored name that this version does not know: refused, never skipped.</exception>
    public static Recorded Read(ReadOnlySpan<byte> stored)
    {
        var row = JsonSerializer.Deserialize(stored, FleetJson.Default.StoredRow) ?? throw new JsonException("an event is not null");
        return ByName.TryGetValue(row.Envelope.Name, out var type)
            ? new Recorded(row.Envelope, (FleetEvent)(row.Event.Deserialize(type) ?? throw new JsonException("an event is not null")))
            : throw new JsonException($"'{row.Envelope.Name}' is not an event that this version of Fleet knows");
    }

    private static string NameOf(Type type) =>
        type.GetCustomAttribute<StoredNameAttribute>()?.Name ?? throw new InvalidOperationException($"{type} has no stored name");

    private static IEnumerable<JsonTypeInfo> JsonOf(FleetJson json) =>
    [
        json.JobSubmitted, json.JobReverted, json.JobStopped, json.JobStarted, json.JobRestarted,
        json.HostDesiredAccepted, json.HostSliceAssigned, json.HostSliceReturned, json.HostProcessAssigned, json.HostProcessUnassigned,
        json.HostProcessRemoved, json.HostContentsRemoved, json.HostGrantGiven, json.HostGrantTaken, json.HostAgentStarted, json.HostAgentStopped,
        json.ProcessStarting, json.ProcessStarted, json.ProcessStartFailed, json.ProcessExited, json.ProcessLost, json.ProcessHealthChanged,
        json.ProcessStopping, json.ProcessStopEscalated, json.ProcessStopped, json.ProcessRestartScheduled, json.ProcessEnded,
        json.ProcessKernelDiffers, json.ProcessNotPermitted, json.ProcessHindered,
        json.GrantRequested, json.GrantApproved, json.GrantActivated, json.GrantDenied, json.GrantRevoked, json.GrantLapsed, json.GrantExpired, json.GrantReviewed,
        json.GrantUsed, json.GrantApprovalRefused,
        json.GrantUseBegun, json.GrantUseEnded, json.GrantUseRefused, json.GrantUseLost,
        json.RootTaskLogged, json.RootTaskLogBroken,
    ];
}

/// <summary>A row as stored, its event not read yet.</summary>
public sealed record StoredRow(Envelope Envelope, JsonElement Event);
