using System.Buffers.Binary;
using System.Text;

namespace Fleet.Grants;

/// <summary>
/// What a signature says of itself (PROTOCOL.sshsig). Whether that is true, ssh-keygen alone says; of one that it has verified, the touch is true too, for the
/// token signs it with the rest (PROTOCOL.u2f).
/// </summary>
/// <param name="Key">The fingerprint of the key that is said to have made it.</param>
/// <param name="IsTouched">Whether somebody touched the FIDO token that holds the key; null: no token holds it.</param>
public sealed record SshSignature(string Key, string Namespace, bool? IsTouched)
{
    private const string Begin = "-----BEGIN SSH SIGNATURE-----", End = "-----END SSH SIGNATURE-----";

    private const int Preamble = 10; // "SSHSIG" and the format's number.

    private const byte UserPresent = 1;

    /// <summary>
    /// Why a signature does not count though ssh-keygen has verified it, for people; null: it counts. ssh-keygen verifies without the touch that sshd wants, and
    /// takes other names for a kind of key than the one that it is written with: by its own fingerprint, which is of the key as it is written, none passes for a
    /// key that no token holds.
    /// </summary>
    /// <param name="key">The fingerprint that ssh-keygen told when it verified it.</param>
    public static string? Objection(string armored, string key) => Read(armored) switch
    {
        { IsTouched: false } => "its token signed without being touched: the key was made with -O no-touch-required, or its file was changed since; a person's hand is what counts",
        { } said when said.Key == key => null,
        _ => "it has its key otherwise than ssh-keygen writes one: sign again, with ssh-keygen -Y sign",
    };

    /// <returns>Null: it is no signature.</returns>
    public static SshSignature? Read(string armored)
    {
        var text = armored.Trim();
        if (!text.StartsWith(Begin, StringComparison.Ordinal) || !text.EndsWith(End, StringComparison.Ordinal) || text.Length < Begin.Length + End.Length)
        {
            return null;
        }

        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text[Begin.Length..^End.Length], bytes, out var length) && bytes.AsSpan().StartsWith("SSHSIG"u8)
            ? Read(bytes.AsSpan(0, length))
            : null;
    }

    private static SshSignature? Read(ReadOnlySpan<byte> bytes)
    {
        var at = Preamble;
        if (!Part(bytes, ref at, out var key) || !Part(bytes, ref at, out var purpose) || !Part(bytes, ref at, out _) || !Part(bytes, ref at, out _) || !Part(bytes, ref at, out var signature))
        {
            return null;
        }

        var (inKey, inSignature) = (0, 0);
        if (!Part(key, ref inKey, out var kind) || !Part(signature, ref inSignature, out _) || !Part(signature, ref inSignature, out _))
        {
            return null;
        }

        // A token's flags come after the numbers of the signature itself.
        var isToken = kind.StartsWith("sk-"u8);
        return isToken && inSignature >= signature.Length
            ? null
            : new SshSignature(AllowedSigners.Fingerprint(key), Encoding.UTF8.GetString(purpose), isToken ? (signature[inSignature] & UserPresent) != 0 : null);
    }

    // A length of four bytes, and so many.
    private static bool Part(ReadOnlySpan<byte> bytes, ref int at, out ReadOnlySpan<byte> part)
    {
        var length = at <= bytes.Length - 4 ? BinaryPrimitives.ReadInt32BigEndian(bytes[at..]) : -1;
        var whole = length >= 0 && length <= bytes.Length - at - 4;
        part = whole ? bytes.Slice(at + 4, length) : default;
        at = whole ? at + 4 + length : at;
        return whole;
    }
}
