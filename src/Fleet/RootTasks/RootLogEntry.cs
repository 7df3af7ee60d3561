using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Fleet.Grants;
using Fleet.Processes;
using Fleet.Sandboxes;

namespace Fleet.RootTasks;

/// <summary>What a host's root helper did.</summary>
[JsonConverter(typeof(SnakeCaseEnum<RootAct>))]
public enum RootAct
{
    Denied,

    /// <summary>A use is burnt and begins; on disk before anything runs.</summary>
    Starting,
    Ended,

    /// <summary>A use began, and its helper was ended before it could say more; what was left of it is ended.</summary>
    Lost,
    Revoked,

    /// <summary>The policy or the signers' keys are others than at the entry before.</summary>
    PolicyChanged,

    /// <summary>There were more refusals in an hour than the log takes: the rest is only counted.</summary>
    Omitted,
}

/// <summary>
/// A line of the host's root log: JSON, and a line feed. Each has the digest of the line before, so that none can be changed or taken out without changing
/// all after it; receipts carry the newest digest away from the host.
/// </summary>
/// <param name="Number">From 1, without gaps.</param>
/// <param name="Previous">Of the line before, with its line feed; of the first, of nothing.</param>
/// <param name="Latest">The latest time that the host has decided at: not <paramref name="At"/> where the clock was set back.</param>
/// <param name="Document">Of the grant's exact bytes, where they were grant enough to have any.</param>
/// <param name="Signers">Who asked for it first, then who approved: principal and key.</param>
/// <param name="Policy">Of the policy and the signers' keys by which it was decided.</param>
/// <param name="Detail">Control characters made visible.</param>
/// <param name="Run">Of a job's process; null, or not there: it is about no job.</param>
public sealed record RootLogEntry(
    long Number,
    Digest Previous,
    DateTimeOffset At,
    DateTimeOffset Latest,
    RootAct What,
    Digest? Policy,
    GrantId? Grant,
    int? Use,
    Digest? Document,
    ImmutableArray<string> Signers,
    RootDenial? Denial,
    int? ExitCode,
    RootEnd? How,
    OutputDigest? Stdout,
    OutputDigest? Stderr,
    string? Detail,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] RunId? Run = null)
{
    public const int LongestDetail = 2000;

    /// <summary>Before the first entry.</summary>
    public static readonly Digest Nothing = Digest.Of("");

    /// <summary>Of an entry about a job: its process, by which what it says begins. Null: it is about none.</summary>
    [JsonIgnore]
    public ProcessId? Process => Run is not null && ProcessId.TryParse(Detail?[..Math.Max(0, Detail.LastIndexOf(", ", StringComparison.Ordinal))], out var process) ? process : null;

    public static byte[] Write(RootLogEntry entry) => [.. JsonSerializer.SerializeToUtf8Bytes(entry, RootJson.Default.RootLogEntry), (byte)'\n'];

    /// <param name="line">With its line feed.</param>
    /// <exception cref="JsonException">It is none.</exception>
    public static RootLogEntry Read(ReadOnlySpan<byte> line) =>
        JsonSerializer.Deserialize(line, RootJson.Default.RootLogEntry) ?? throw new JsonException("an entry is an object, not null");
}
