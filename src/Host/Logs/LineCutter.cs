using System.Text;

namespace Fleet.Host.Logs;

/// <summary>Cuts a stream of bytes into lines. Output without a newline comes in pieces, so that it never has to be held whole.</summary>
internal sealed class LineCutter
{
    /// <summary>The longest line, in bytes; a longer one comes as several.</summary>
    public const int MaxLine = 64 * 1024;

    private readonly byte[] partial = new byte[MaxLine];
    private int held;

    public IEnumerable<string> Feed(ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            var newline = bytes.Span.IndexOf((byte)'\n');
            var taken = Math.Min(newline < 0 ? bytes.Length : newline, MaxLine - held);
            bytes.Span[..taken].CopyTo(partial.AsSpan(held));
            held += taken;
            bytes = bytes[taken..];
            if (bytes.Length > 0 && bytes.Span[0] == '\n')
            {
                bytes = bytes[1..];
                yield return Take(held);
            }
            else if (held == MaxLine)
            {
                yield return Take(WholeCharacters());
            }
        }
    }

    /// <summary>What came after the last newline; null: nothing.</summary>
    public string? Rest() => held == 0 ? null : Take(held);

    private string Take(int length)
    {
        var text = Encoding.UTF8.GetString(partial, 0, length);
        partial.AsSpan(length, held - length).CopyTo(partial);
        held -= length;
        return text;
    }

    // A piece must not end inside a character of several bytes: such a one has at most three bytes 10xxxxxx after its first.
    private int WholeCharacters()
    {
        var start = held - 1;
        while (start > held - 4 && (partial[start] & 0xC0) == 0x80)
        {
            start--;
        }

        return partial[start] < 0xC0 ? held : start;
    }
}
