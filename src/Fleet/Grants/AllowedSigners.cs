using System.Collections.Immutable;
using System.IO.Enumeration;
using System.Text.RegularExpressions;

namespace Fleet.Grants;

/// <summary>A line of <c>allowed_signers</c>.</summary>
/// <param name="Key">Its fingerprint, <c>SHA256:...</c>: of the bytes, for the same bytes can be written in base64 in more than one way.</param>
/// <param name="Namespaces">Patterns of what it may sign; null: anything.</param>
public sealed record AllowedSigner(int Line, string Principal, string Key, string? Namespaces)
{
    public bool Signs(string @namespace) =>
        Namespaces is null || Namespaces.Split(',').Any(pattern => FileSystemName.MatchesSimpleExpression(pattern, @namespace, ignoreCase: false));
}

/// <summary>
/// The file of keys that may sign (ssh-keygen(1), ALLOWED SIGNERS), as far as people can be told apart by it. Whether a signature holds, ssh-keygen alone
/// says; this refuses what would let one person be counted as two.
/// </summary>
/// <param name="Mistakes">By line. A host does not use a file that has one.</param>
public sealed partial record AllowedSigners(ImmutableArray<AllowedSigner> Signers, ImmutableArray<Mistake> Mistakes)
{
    public static AllowedSigners Read(string text)
    {
        var (signers, mistakes) = (ImmutableArray.CreateBuilder<AllowedSigner>(), ImmutableArray.CreateBuilder<Mistake>());
        foreach (var (index, line) in text.Split('\n').Index().Where(line => line.Item.Trim() is not ("" or ['#', ..])))
        {
            if (MistakeOf(Line().Match(line.Trim()), out var signer) is { } mistake)
            {
                mistakes.Add(new Mistake($"line {index + 1}", mistake));
            }
            else
            {
                signers.Add(signer! with { Line = index + 1 });
            }
        }

        return new(signers.ToImmutable(), [.. mistakes, .. Shared(signers)]);
    }

    /// <summary>Names of those who may sign something.</summary>
    public ImmutableHashSet<string> Of(string @namespace) => [.. Signers.Where(signer => signer.Signs(@namespace)).Select(signer => signer.Principal)];

    /// <summary>As ssh-keygen prints it.</summary>
    public static string Fingerprint(ReadOnlySpan<byte> key) => $"SHA256:{Convert.ToBase64String(Sha256.HashData(key)).TrimEnd('=')}";

    /// <summary>Whether a principal stands for whoever it matches, and so for nobody who can be counted.</summary>
    public static bool IsPattern(string principal) => principal.AsSpan().IndexOfAny("*?!") >= 0;

    private static string? MistakeOf(Match line, out AllowedSigner? signer)
    {
        signer = null;
        var bytes = new byte[line.Length];
        if (!line.Success || !Convert.TryFromBase64String(line.Groups["key"].Value, bytes, out var length))
        {
            return "a line is 'PRINCIPAL [OPTIONS] KEYTYPE KEY'";
        }

        var (who, options) = (line.Groups["who"].Value.Trim('"'), line.Groups["options"].Value);
        signer = new AllowedSigner(0, who, Fingerprint(bytes.AsSpan(0, length)), Restriction().Match(options) is { Success: true } restriction ? restriction.Groups[1].Value : null);
        return who switch
        {
            _ when options.Contains("cert-authority", StringComparison.OrdinalIgnoreCase) => "a certificate authority can make as many people as it likes: name each person's own key",
            _ when IsPattern(who) => $"'{who}' is a pattern: one key could sign as many people; name each",
            _ when who.Contains(',') => $"one key under two names, {who}: one person would be two",
            _ => null,
        };
    }

    private static IEnumerable<Mistake> Shared(IEnumerable<AllowedSigner> signers) =>
        from key in signers.GroupBy(signer => signer.Key)
        let names = key.Select(signer => signer.Principal).Distinct().ToList()
        where names.Count > 1
        select new Mistake($"line {string.Join(" and ", key.Select(signer => signer.Line))}", $"one key under two names, {string.Join(" and ", names)}: one person would be two");

    // Options are words with quoted values; the first word that is a key's type ends them.
    [GeneratedRegex("""^(?<who>"[^"]+"|[^\s"]+)\s+((?<options>([^\s"]|"[^"]*")+)\s+)?(ssh|ecdsa|sk-ssh|sk-ecdsa)-\S+\s+(?<key>[A-Za-z0-9+/]+=*)(\s|$)""")]
    private static partial Regex Line();

    [GeneratedRegex("namespaces=\"([^\"]*)\"", RegexOptions.IgnoreCase)]
    private static partial Regex Restriction();
}
