using System.Runtime.InteropServices;

namespace Fleet.Client.Linux;

/// <summary>
/// Standard output or error, by write(2) alone. The console's own streams do not say that nobody reads any more, and a FileStream keeps a place of its own in the
/// file, over which whoever else writes there writes again.
/// </summary>
/// <param name="descriptor">1 or 2.</param>
internal sealed partial class StandardStream(int descriptor) : Stream
{
    private const int Eintr = 4, Eagain = 11, Epipe = 32;

    /// <summary>What cannot be written is left: there is no other place to say that at.</summary>
    public bool IsQuiet { get; init; }

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Text for people and programs, each piece at once.</summary>
    public static TextWriter Text(Stream stream) => new StreamWriter(stream) { AutoFlush = true };

    /// <exception cref="BrokenPipeException">Nobody reads it any more.</exception>
    /// <exception cref="IOException">It is closed, or what it goes to is full.</exception>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            var written = Write(descriptor, buffer, buffer.Length);
            switch (written < 0 ? Marshal.GetLastPInvokeError() : 0)
            {
                case 0:
                    buffer = buffer[(int)written..];
                    break;
                case Eintr:
                    break;
                case Eagain:
                    // Somebody who has it open too made it so.
                    Thread.Sleep(1);
                    break;
                case not 0 when IsQuiet:
                    return;
                case Epipe:
                    throw new BrokenPipeException();
                default:
                    throw new IOException($"{(descriptor == 1 ? "standard output" : "standard error")}: {Marshal.GetLastPInvokeErrorMessage()}");
            }
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint Write(int descriptor, ReadOnlySpan<byte> bytes, nint count);
}

/// <summary>Nobody reads any more what is written.</summary>
internal sealed class BrokenPipeException() : IOException("nobody reads it any more");
