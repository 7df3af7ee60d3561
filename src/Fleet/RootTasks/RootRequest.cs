using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;

namespace Fleet.RootTasks;

/// <summary>A signature that nobody has verified yet, with the principal whose it is said to be.</summary>
public sealed record PresentedSignature(string Principal, string Armored);

/// <summary>
/// What an agent asks of the root helper. Its bytes are parts, each with its length before it, so that a grant's exact bytes are in it as they are and
/// nothing has to be parsed to find them.
/// </summary>
public abstract partial record RootRequest
{
    private const byte RunKind = 1, LogKind = 2, RevokeKind = 3, StartJobKind = 4, SignalJobKind = 5, RemoveJobKind = 6, LookAtJobKind = 7;

    private RootRequest()
    {
    }

    /// <summary>Let a grant be used.</summary>
    /// <param name="Grant">The exact bytes that are signed.</param>
    /// <param name="By">Of who asked for it, in the namespace <c>fleet-request</c>.</param>
    /// <param name="Approvals">In the namespace <c>fleet-grant</c>.</param>
    /// <param name="Use">Which of its uses on this host, from 1: asked twice, it runs once.</param>
    public sealed record Run(ImmutableArray<byte> Grant, PresentedSignature By, ImmutableArray<PresentedSignature> Approvals, int Use) : RootRequest;

    /// <summary>Show the root log. Changes nothing.</summary>
    /// <param name="After">The number of the last entry that is known.</param>
    public sealed record Log(long After) : RootRequest;

    /// <summary>Let a grant never be used again, and end what it runs: any one whom the host knows may say so.</summary>
    /// <param name="Revocation">The exact bytes that are signed (<see cref="RootRevocation"/>), in the namespace <c>fleet-revoke</c>.</param>
    public sealed record Revoke(ImmutableArray<byte> Revocation, PresentedSignature By) : RootRequest;

    /// <summary>Signatures that are looked at, at most: each costs a process.</summary>
    public const int MostApprovals = 32;

    public static byte[] Write(RootRequest request)
    {
        using var bytes = new MemoryStream();
        switch (request)
        {
            case Run run:
                bytes.WriteByte(RunKind);
                Number(bytes, run.Use);
                Part(bytes, run.Grant.AsSpan());
                new[] { run.By }.Concat(run.Approvals).ToList().ForEach(s => Signature(bytes, s));
                break;
            case Log log:
                bytes.WriteByte(LogKind);
                Number(bytes, log.After);
                break;
            case Revoke revoke:
                bytes.WriteByte(RevokeKind);
                Part(bytes, revoke.Revocation.AsSpan());
                Signature(bytes, revoke.By);
                break;
            default:
                WriteJob(bytes, request);
                break;
        }

        return bytes.ToArray();
    }

    /// <returns>Null: it is no request, by a byte too few or too many.</returns>
    public static RootRequest? Read(ReadOnlySpan<byte> bytes)
    {
        var parts = new Parts(bytes);
        RootRequest? request = parts.Byte() switch
        {
            RunKind => ReadRun(ref parts),
            LogKind when parts.Number() is { } after and >= 0 => new Log(after),
            RevokeKind when parts.Part() is { } revocation && parts.Signature() is { } by => new Revoke(revocation, by),
            { } kind => ReadJob(kind, ref parts),
            _ => null,
        };
        return parts.IsAtEnd ? request : null;
    }

    private static Run? ReadRun(ref Parts parts)
    {
        if (parts.Number() is not { } use || parts.Part() is not { } grant || parts.Signature() is not { } by)
        {
            return null;
        }

        return use is >= 1 and <= int.MaxValue && ReadApprovals(ref parts) is { } approvals ? new Run(grant, by, approvals, (int)use) : null;
    }

    private static ImmutableArray<PresentedSignature>? ReadApprovals(ref Parts parts)
    {
        var approvals = ImmutableArray.CreateBuilder<PresentedSignature>();
        while (!parts.IsAtEnd)
        {
            if (approvals.Count == MostApprovals || parts.Signature() is not { } one)
            {
                return null;
            }

            approvals.Add(one);
        }

        return approvals.ToImmutable();
    }

    private static void Number(MemoryStream bytes, long number)
    {
        Span<byte> buffer = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(buffer, number);
        bytes.Write(buffer);
    }

    private static void Part(MemoryStream bytes, ReadOnlySpan<byte> part)
    {
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, part.Length);
        bytes.Write(length);
        bytes.Write(part);
    }

    private static void Signature(MemoryStream bytes, PresentedSignature signature)
    {
        Part(bytes, Encoding.ASCII.GetBytes(signature.Principal));
        Part(bytes, Encoding.ASCII.GetBytes(signature.Armored));
    }

    /// <summary>Takes one part after the other; null where there is none of that kind, and then nothing more.</summary>
    private ref struct Parts(ReadOnlySpan<byte> rest)
    {
        private ReadOnlySpan<byte> rest = rest;
        private bool broken;

        public readonly bool IsAtEnd => !broken && rest.IsEmpty;

        public int? Byte() => Take(1, out var one) ? one[0] : null;

        public long? Number() => Take(8, out var eight) ? BinaryPrimitives.ReadInt64BigEndian(eight) : null;

        public ImmutableArray<byte>? Part() =>
            Take(4, out var head) && BinaryPrimitives.ReadInt32BigEndian(head) is >= 0 and var length && Take(length, out var part) ? [.. part] : null;

        public PresentedSignature? Signature() => Text() is { } principal && Text() is { } armored ? new PresentedSignature(principal, armored) : null;

        // ASCII: names and armor are nothing else, and other bytes would mean something else to the next that reads them.
        public string? Text() => Part() is { } part && System.Text.Ascii.IsValid(part.AsSpan()) && !part.Contains((byte)0) ? Encoding.ASCII.GetString(part.AsSpan()) : null;

        private bool Take(int count, out ReadOnlySpan<byte> taken)
        {
            broken |= count > rest.Length;
            taken = broken ? default : rest[..count];
            rest = broken ? rest : rest[count..];
            return !broken;
        }
    }
}
