using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Security.Cryptography;

namespace Fleet;

/// <summary>
/// SHA-256 (FIPS 180-4, 6.2) without a library: .NET takes its own from OpenSSL, whose loading was a third of a root helper's start
/// (docs/decisions/0011-a-sha-256-of-our-own.md). For content that is no secret: it makes no promise about how long it takes. Not thread-safe.
/// </summary>
public sealed class Sha256
{
    private const int Block = 64, Rounds = 64, LengthAt = Block - sizeof(ulong);

    private readonly uint[] state = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];
    private readonly byte[] rest = new byte[Block];
    private ulong bytes;

    /// <summary>
    /// Whether <see cref="HashData"/> is this one too: set where a program is compiled (RootHelper.csproj), which then has no other. Elsewhere it is the machine's,
    /// which is several times as fast.
    /// </summary>
    [FeatureSwitchDefinition("Fleet.Sha256.IsAlone")]
    private static bool IsAlone => AppContext.TryGetSwitch("Fleet.Sha256.IsAlone", out var alone) && alone;

    // The first 32 bits of the fractional parts of the cube roots of the first 64 primes (4.2.2).
    private static ReadOnlySpan<uint> Constants =>
    [
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74,
        0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d,
        0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e,
        0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5,
        0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
    ];

    /// <returns>32 bytes.</returns>
    public static byte[] HashData(ReadOnlySpan<byte> content)
    {
        if (!IsAlone)
        {
            return SHA256.HashData(content);
        }

        var hash = new Sha256();
        hash.Append(content);
        return hash.End();
    }

    public void Append(ReadOnlySpan<byte> content)
    {
        var filled = (int)(bytes % Block);
        bytes += (ulong)content.Length;
        if (filled > 0 && filled + content.Length >= Block)
        {
            content[..(Block - filled)].CopyTo(rest.AsSpan(filled));
            content = content[(Block - filled)..];
            filled = 0;
            Take(rest);
        }

        if (filled == 0)
        {
            var whole = content.Length - content.Length % Block;
            Take(content[..whole]);
            content = content[whole..];
        }

        content.CopyTo(rest.AsSpan(filled));
    }

    /// <summary>The hash of all that was appended. Call once: what is appended after it counts for nothing.</summary>
    /// <returns>32 bytes.</returns>
    public byte[] End()
    {
        // A bit of 1, zeros, and the length in bits at the end of a block (5.1.1).
        var bits = bytes * 8;
        Append([0x80]);
        while (bytes % Block != LengthAt)
        {
            Append([0]);
        }

        Span<byte> length = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(length, bits);
        Append(length);
        var hash = new byte[state.Length * sizeof(uint)];
        for (var i = 0; i < state.Length; i++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(hash.AsSpan(i * sizeof(uint)), state[i]);
        }

        return hash;
    }

    private void Take(ReadOnlySpan<byte> blocks)
    {
        Span<uint> schedule = stackalloc uint[Rounds];
        for (; blocks.Length >= Block; blocks = blocks[Block..])
        {
            Expand(blocks, schedule);
            Compress(schedule);
        }
    }

    private static void Expand(ReadOnlySpan<byte> block, Span<uint> w)
    {
        for (var t = 0; t < 16; t++)
        {
            w[t] = BinaryPrimitives.ReadUInt32BigEndian(block[(t * sizeof(uint))..]);
        }

        for (var t = 16; t < Rounds; t++)
        {
            var (early, late) = (w[t - 15], w[t - 2]);
            w[t] = w[t - 16] + w[t - 7] + (Right(early, 7) ^ Right(early, 18) ^ (early >> 3)) + (Right(late, 17) ^ Right(late, 19) ^ (late >> 10));
        }
    }

    private void Compress(ReadOnlySpan<uint> w)
    {
        var (a, b, c, d, e, f, g, h) = (state[0], state[1], state[2], state[3], state[4], state[5], state[6], state[7]);
        for (var t = 0; t < Rounds; t++)
        {
            var first = h + (Right(e, 6) ^ Right(e, 11) ^ Right(e, 25)) + ((e & f) ^ (~e & g)) + Constants[t] + w[t];
            var second = (Right(a, 2) ^ Right(a, 13) ^ Right(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
            (h, g, f, e, d, c, b, a) = (g, f, e, d + first, c, b, a, first + second);
        }

        (state[0], state[1], state[2], state[3]) = (state[0] + a, state[1] + b, state[2] + c, state[3] + d);
        (state[4], state[5], state[6], state[7]) = (state[4] + e, state[5] + f, state[6] + g, state[7] + h);
    }

    private static uint Right(uint word, int by) => BitOperations.RotateRight(word, by);
}
