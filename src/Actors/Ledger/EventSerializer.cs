using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Akka.Actor;
using Akka.Serialization;
using Fleet.Hosts;
using Fleet.Jobs;
using Fleet.Ledger;
using Fleet.Processes;
using Fleet.RootTasks;

namespace Fleet.Actors.Ledger;

/// <summary>Events and snapshots as the journal stores them: plain JSON under the stored name, without a CLR name in it.</summary>
public sealed class EventSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    private const string JobState = "state.job.v1";
    private const string HostState = "state.host.v1";
    private const string ProcessState = "state.process.v1";
    private const string RootLogState = "state.rootlog.v1";

    /// <summary>Stored with each row; never to be used for another format.</summary>
    public override int Identifier => 7301;

    public override string Manifest(object o) => o switch
    {
        Recorded recorded => recorded.Envelope.Name,
        Job => JobState,
        HostSnapshot => HostState,
        Fleet.Processes.ProcessState => ProcessState,
        RootLogCopy => RootLogState,
        _ => throw new ArgumentException($"{o.GetType()} is never stored"),
    };

    public override byte[] ToBinary(object obj) => obj switch
    {
        Recorded recorded => EventCatalog.Write(recorded),
        Job job => Write(job, FleetJson.Default.Job),
        HostSnapshot host => Write(host, FleetJson.Default.HostSnapshot),
        Fleet.Processes.ProcessState process => Write(process, FleetJson.Default.ProcessState),
        RootLogCopy copy => Write(copy, FleetJson.Default.RootLogCopy),
        _ => throw new ArgumentException($"{obj.GetType()} is never stored"),
    };

    /// <exception cref="JsonException">The bytes are not what the manifest says, or the manifest is unknown.</exception>
    public override object FromBinary(byte[] bytes, string manifest) => manifest switch
    {
        JobState => Read(bytes, FleetJson.Default.Job),
        HostState => Read(bytes, FleetJson.Default.HostSnapshot),
        ProcessState => Read(bytes, FleetJson.Default.ProcessState),
        RootLogState => Read(bytes, FleetJson.Default.RootLogCopy),
        _ => EventCatalog.Read(bytes),
    };

    private static byte[] Write<T>(T value, JsonTypeInfo<T> type) => JsonSerializer.SerializeToUtf8Bytes(value, type);

    private static object Read<T>(byte[] bytes, JsonTypeInfo<T> type) =>
        JsonSerializer.Deserialize(bytes, type) ?? throw new JsonException("a state is not null");
}
