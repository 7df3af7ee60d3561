using System.Text.Json;
using Fleet.Grants;

namespace Fleet.RootTasks;

/// <summary>Says that a grant is never to be used again. One signature of anybody whom the host knows is enough, for it only takes away.</summary>
/// <param name="FleetRootRevocation">The format's number, 1.</param>
public sealed record RootRevocation(int FleetRootRevocation, string Fleet, GrantId Grant, string Reason)
{
    public const int Version = 1;

    /// <summary>Bytes, at most.</summary>
    public const int Longest = 8 * 1024;

    public static byte[] Write(RootRevocation revocation) => JsonSerializer.SerializeToUtf8Bytes(revocation, RootJson.Default.RootRevocation);

    /// <exception cref="JsonException">It is none, or of another format.</exception>
    public static RootRevocation Read(ReadOnlySpan<byte> bytes) =>
        bytes.Length <= Longest && JsonSerializer.Deserialize(bytes, RootJson.Default.RootRevocation) is { FleetRootRevocation: Version } read
            ? read
            : throw new JsonException($"a revocation has format {Version} and at most {Longest} bytes");
}
