using System.Text.RegularExpressions;

namespace Fleet.Host.Grants;

/// <summary>
/// A line of <c>allowed_signers</c> (ssh-keygen(1)), to show who there is. Whether a signature holds, ssh-keygen alone says: what a line restricts is not read here,
/// nor are certificate authorities and principals that are patterns, which name nobody.
/// </summary>
/// <param name="Key">Its fingerprint, <c>SHA256:...</c>.</param>
public sealed partial record AllowedSigner(string[] Principals, string Key)
{
    public static AllowedSigner[] ReadAll(string text) => [.. text.Split('\n').Select(Read).OfType<AllowedSigner>()];

    /// <summary>Whether a principal stands for whoever it matches.</summary>
    public static bool IsPattern(string principal) => principal.AsSpan().IndexOfAny("*?!") >= 0;

    private static AllowedSigner? Read(string line)
    {
        var match = Line().Match(line);
        var key = new byte[line.Length];
        return match.Success && !match.Groups["options"].Value.Contains("cert-authority", StringComparison.OrdinalIgnoreCase)
            && Convert.TryFromBase64String(match.Groups["key"].Value, key, out var length)
            && match.Groups["who"].Value.Trim('"').Split(',').Where(p => p.Length > 0 && !IsPattern(p)).ToArray() is { Length: > 0 } principals
            ? new AllowedSigner(principals, SshSignatureHead.Fingerprint(key.AsSpan(0, length)))
            : null;
    }

    // Options are words with quoted values; the first word that is a key's type ends them.
    [GeneratedRegex("""^\s*(?<who>"[^"]*"|[^\s#"]\S*)\s+(?<options>(?:[^\s"]|"[^"]*")*\s+)??(?:(?:sk-)?(?:ssh|ecdsa)-\S+)\s+(?<key>[A-Za-z0-9+/]+=*)(?:\s|$)""")]
    private static partial Regex Line();
}
