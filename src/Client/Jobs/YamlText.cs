using System.Text;

namespace Fleet.Client.Jobs;

/// <summary>Bytes to characters, before any YAML: only UTF-8, only characters that YAML 1.2 allows in a stream (section 5.1, c-printable).</summary>
internal static class YamlText
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Null after a mistake.</summary>
    public static string? Read(string file, ReadOnlySpan<byte> content, MistakeList mistakes)
    {
        content = content.StartsWith("\uFEFF"u8) ? content[3..] : content;
        var good = GoodBytes(content);
        if (good < content.Length)
        {
            mistakes.Add(MarkAfter(file, Strict.GetString(content[..good])), "", $"a job file is UTF-8; got the byte 0x{content[good]:x2}: save it as UTF-8");
            return null;
        }

        var text = Strict.GetString(content);
        var bad = text.AsSpan().IndexOfAnyInRange('\0', '\u001f') < 0 ? -1 : FirstControl(text);
        if (bad >= 0)
        {
            mistakes.Add(MarkAfter(file, text[..bad]), "", $"a job file has no control characters; got U+{(int)text[bad]:X4}: remove it, or write \"\\x{(int)text[bad]:x2}\"");
            return null;
        }

        return text;
    }

    private static int FirstControl(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] is < ' ' and not ('\t' or '\n' or '\r'))
            {
                return i;
            }
        }

        return -1;
    }

    private static int GoodBytes(ReadOnlySpan<byte> content)
    {
        var at = 0;
        while (at < content.Length && Rune.DecodeFromUtf8(content[at..], out _, out var length) == System.Buffers.OperationStatus.Done)
        {
            at += length;
        }

        return at;
    }

    private static YamlMark MarkAfter(string file, string before) =>
        new(file, 1 + before.AsSpan().Count('\n'), before.Length - before.LastIndexOf('\n'));
}
