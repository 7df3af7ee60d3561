using System.Buffers.Binary;
using System.Text;
using Fleet.Grants;

namespace Fleet.Host.Grants;

/// <summary>What a signature says of itself (PROTOCOL.sshsig), verified by nobody: for words to people, never for a decision.</summary>
/// <param name="Key">The fingerprint of the key that is said to have made it.</param>
internal sealed record SshSignatureHead(string Key, string Namespace)
{
    private const string Begin = "-----BEGIN SSH SIGNATURE-----", End = "-----END SSH SIGNATURE-----";

    private const int Preamble = 10; // "SSHSIG" and the format's number.

    /// <returns>Null: it is no signature.</returns>
    public static SshSignatureHead? Read(string armored)
    {
        var text = armored.Trim();
        if (!text.StartsWith(Begin, StringComparison.Ordinal) || !text.EndsWith(End, StringComparison.Ordinal) || text.Length < Begin.Length + End.Length)
        {
            return null;
        }

        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text[Begin.Length..^End.Length], bytes, out var length) && bytes.AsSpan().StartsWith("SSHSIG"u8)
            && Part(bytes.AsSpan(0, length), Preamble, out var key, out var after) && Part(bytes.AsSpan(0, length), after, out var purpose, out _)
            ? new SshSignatureHead(AllowedSigners.Fingerprint(key), Encoding.UTF8.GetString(purpose))
            : null;
    }

    private static bool Part(ReadOnlySpan<byte> bytes, int at, out ReadOnlySpan<byte> part, out int after)
    {
        var length = at <= bytes.Length - 4 ? BinaryPrimitives.ReadInt32BigEndian(bytes[at..]) : -1;
        var whole = length >= 0 && length <= bytes.Length - at - 4;
        part = whole ? bytes.Slice(at + 4, length) : default;
        after = whole ? at + 4 + length : 0;
        return whole;
    }
}
