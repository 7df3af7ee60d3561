using System.Buffers.Binary;

namespace Fleet.RootTasks;

/// <summary>What passes between the agent and the root helper: one byte that says what it is, four that say how long, and so many bytes.</summary>
public enum RootFrame : byte
{
    /// <summary>To the helper, once and first: a <see cref="RootRequest"/>.</summary>
    Request = (byte)'Q',

    /// <summary>To the helper, empty: end it now. So does closing the connection.</summary>
    Cancel = (byte)'K',

    /// <summary>A <see cref="RootStarted"/> as JSON.</summary>
    Started = (byte)'S',

    /// <summary>Bytes that the task wrote.</summary>
    Stdout = (byte)'O',
    Stderr = (byte)'E',

    /// <summary>A <see cref="RootRefusal"/> as JSON, and nothing after it.</summary>
    Refused = (byte)'D',

    /// <summary>A <see cref="RootReceipt"/>: the exact bytes that are signed.</summary>
    Receipt = (byte)'R',

    /// <summary>The armored signature of the receipt, and nothing after it.</summary>
    Signature = (byte)'G',

    /// <summary>Lines of the root log, each with its end.</summary>
    Log = (byte)'L',

    /// <summary>Empty: what was asked for may run, and the contents that it needs are to come.</summary>
    Wanted = (byte)'W',

    /// <summary>To the helper: a piece of a content; empty: its end.</summary>
    Content = (byte)'C',

    /// <summary>A <see cref="RootJobStarted"/> as JSON, and nothing after it.</summary>
    JobStarted = (byte)'J',

    /// <summary>A <see cref="Sandboxes.KernelView"/> as JSON, or nothing where the run is gone; and nothing after it.</summary>
    Kernel = (byte)'V',

    /// <summary>Empty, and nothing after it: it is done.</summary>
    Done = (byte)'.',
}

/// <summary>The five bytes before every frame's own.</summary>
public static class RootFrames
{
    public const int HeadLength = 5;

    /// <summary>Bytes of a frame after its head, at most, in both directions: what says more is not heard out.</summary>
    public const int Longest = 64 * 1024;

    public static void WriteHead(Span<byte> head, RootFrame kind, int length)
    {
        head[0] = (byte)kind;
        BinaryPrimitives.WriteInt32BigEndian(head[1..], length);
    }

    /// <returns>Null: no frame begins so.</returns>
    public static (RootFrame Kind, int Length)? ReadHead(ReadOnlySpan<byte> head)
    {
        var length = BinaryPrimitives.ReadInt32BigEndian(head[1..]);
        return length is < 0 or > Longest || !Enum.IsDefined((RootFrame)head[0]) ? null : ((RootFrame)head[0], length);
    }
}
