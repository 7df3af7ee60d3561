using Fleet.RootHelper.Linux;
using Microsoft.Win32.SafeHandles;

namespace Fleet.RootHelper.RootTasks;

/// <summary>The program of a task: what root alone keeps at a path, or, wherever it lies, the bytes whose digest was signed.</summary>
internal static class ProgramFile
{
    private const int MostInterpreters = 4, HeadLength = 256;
    private const long LargestCopy = 256 << 20;

    /// <returns>The file, where it is bound by its digest; null: it is root's, and nobody else's to exchange.</returns>
    /// <exception cref="IOException">It is neither; the message says why.</exception>
    public static SafeFileHandle? Check(string path, Digest? digest)
    {
        if (digest is null)
        {
            CheckRoots(path);
            return null;
        }

        using var place = LinuxException.Check(Libc.Open(path, Libc.Place), $"open {path}");
        RefuseUnlessProgram(place, path);
        var file = LinuxException.Check(Libc.Reopen(place, Libc.ReadOnly | Libc.NonBlock), $"read {path}");
        try
        {
            Read(file, path, digest.Value, (_, _) => { });
            if (Interpreter(file) is { } interpreter)
            {
                CheckRoots(interpreter);
            }

            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>A copy that nobody can change any more. Whoever can write the path may have exchanged it since, but not for other bytes.</summary>
    public static SafeFileHandle Copy(SafeFileHandle file, string path, Digest digest)
    {
        var copy = LinuxException.Check(Libc.Memory("program"), "make a file in memory");
        Read(file, path, digest, (block, at) => RandomAccess.Write(copy, block.Span, at));
        LinuxException.Check(Libc.ChangeMode(copy, 0x16D /* 0555 */), "make a copy a program");
        LinuxException.Check(Libc.Seal(copy), "seal a copy");
        return copy;
    }

    // Not to the end of the file, but as far as it reached at first: somebody may be appending to it.
    private static void Read(SafeFileHandle file, string path, Digest digest, Action<ReadOnlyMemory<byte>, long> take)
    {
        var length = RandomAccess.GetLength(file);
        if (length > LargestCopy)
        {
            throw new IOException($"{path} has more than the {LargestCopy >> 20} MiB that are copied to be run");
        }

        var hash = new Sha256();
        var block = new byte[64 * 1024];
        for (long at = 0; at < length;)
        {
            var count = RandomAccess.Read(file, block.AsSpan(0, (int)Math.Min(block.Length, length - at)), at);
            if (count == 0)
            {
                break;
            }

            hash.Append(block.AsSpan(0, count));
            take(block.AsMemory(0, count), at);
            at += count;
        }

        var have = Digest.Of(hash);
        if (have != digest)
        {
            throw new IOException($"{path} is {have}, and {digest} was signed");
        }
    }

    /// <summary>The program that root keeps there, and what runs it where it is a script.</summary>
    /// <param name="onHost">Where on the host a path of the sandbox lies; a script's interpreter is one too.</param>
    /// <exception cref="IOException">It is not root's alone, not there, or no program.</exception>
    public static void CheckRoots(string path, Func<string, string>? onHost = null)
    {
        for (var i = 0; i <= MostInterpreters; i++)
        {
            using var place = RootsOwn.Open(onHost?.Invoke(path) ?? path);
            RefuseUnlessProgram(place, path);
            using var file = LinuxException.Check(Libc.Reopen(place, Libc.ReadOnly), $"read {path}");
            if (Interpreter(file) is not { } interpreter)
            {
                return;
            }

            path = interpreter;
        }

        throw new IOException($"{path} is run by a script that is run by a script, and so on");
    }

    private static void RefuseUnlessProgram(SafeFileHandle place, string path)
    {
        var stat = Libc.Stat(place);
        if (!stat.IsRegular || (stat.Mode & 0x49) == 0)
        {
            throw new IOException($"{path} is not a program: a regular file that may be executed");
        }
    }

    private static string? Interpreter(SafeFileHandle file)
    {
        var head = new byte[HeadLength];
        return Interpreter(head.AsSpan(0, RandomAccess.Read(file, head, 0)));
    }

    /// <summary>execve(2): "#!", blanks, the interpreter's path, and at most one argument.</summary>
    /// <param name="bytes">A program's beginning.</param>
    /// <returns>Null: it is no script.</returns>
    /// <exception cref="IOException">It is none of ASCII: of other bytes the kernel would read another path than is checked.</exception>
    public static string? Interpreter(ReadOnlySpan<byte> bytes)
    {
        bytes = bytes[..Math.Min(bytes.Length, HeadLength)];
        if (!bytes.StartsWith("#!"u8))
        {
            return null;
        }

        var line = bytes[2..(bytes.IndexOf((byte)'\n') is > 0 and var end ? end : bytes.Length)];
        return System.Text.Ascii.IsValid(line) && System.Text.Encoding.ASCII.GetString(line).Split([' ', '\t', '\r', '\0'], StringSplitOptions.RemoveEmptyEntries) is [['/', ..] path, ..]
            ? path
            : throw new IOException("a script names its interpreter by an absolute path of ASCII");
    }
}
