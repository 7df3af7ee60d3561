using System.Collections.Immutable;

namespace Fleet.Grants;

/// <param name="Principals">As they stand there, one or more with commas between.</param>
/// <param name="Key">The key's type and its base64, with a blank between.</param>
public sealed record AllowedSigner(int Line, ImmutableArray<string> Principals, string Key);

/// <summary>
/// The file of keys that may sign (ssh-keygen(1), ALLOWED SIGNERS), as far as people can be told apart by it. ssh-keygen itself verifies; this refuses what
/// would let one person be counted as two.
/// </summary>
/// <param name="Mistakes">By line. A file that has one is not used at all.</param>
public sealed record AllowedSigners(ImmutableArray<AllowedSigner> Signers, ImmutableArray<Mistake> Mistakes)
{
    private static readonly string[] Types = ["ssh-", "ecdsa-", "sk-"];

    public static AllowedSigners Read(string text)
    {
        var (signers, mistakes) = (ImmutableArray.CreateBuilder<AllowedSigner>(), ImmutableArray.CreateBuilder<Mistake>());
        foreach (var (number, line) in text.Split('\n').Index())
        {
            if (line.Trim() is { Length: > 0 } words && !words.StartsWith('#'))
            {
                ReadLine(number + 1, words, signers, mistakes);
            }
        }

        mistakes.AddRange(signers.GroupBy(s => s.Key).Where(key => key.Select(s => string.Join(',', s.Principals)).Distinct().Skip(1).Any()).Select(key =>
            Wrong(key.Last().Line, $"one key under two names, {string.Join(" and ", key.Select(s => string.Join(',', s.Principals)))}: one person would be two")));
        return new(signers.ToImmutable(), mistakes.ToImmutable());
    }

    private static void ReadLine(int number, string line, ImmutableArray<AllowedSigner>.Builder signers, ImmutableArray<Mistake>.Builder mistakes)
    {
        var words = Words(line);
        var type = words.FindIndex(1, word => Types.Any(t => word.StartsWith(t, StringComparison.Ordinal)));
        if (words.Count < 3 || type < 1 || type + 1 >= words.Count)
        {
            mistakes.Add(Wrong(number, "a line is principals, options if any, the key's type and the key"));
            return;
        }

        if (words[0].AsSpan().IndexOfAny("*?!\"") >= 0)
        {
            mistakes.Add(Wrong(number, $"'{words[0]}' is a pattern: one key could sign as many people; name each"));
        }

        if (words[1..type].Any(word => word.Split(',').Any(option => option.Equals("cert-authority", StringComparison.OrdinalIgnoreCase))))
        {
            mistakes.Add(Wrong(number, "a cert-authority can make as many people as it likes; name each person's own key"));
        }

        signers.Add(new AllowedSigner(number, [.. words[0].Split(',')], $"{words[type]} {words[type + 1]}"));
    }

    // Blanks within double quotes are part of an option, such as valid-after or namespaces.
    private static List<string> Words(string line)
    {
        var (words, start, quoted) = (new List<string>(), 0, false);
        for (var i = 0; i <= line.Length; i++)
        {
            if (i == line.Length || (!quoted && line[i] is ' ' or '\t'))
            {
                if (i > start)
                {
                    words.Add(line[start..i]);
                }

                start = i + 1;
            }
            else
            {
                quoted ^= line[i] == '"';
            }
        }

        return words;
    }

    private static Mistake Wrong(int line, string message) => new($"line {line}", message);
}
