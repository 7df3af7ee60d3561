using System.Collections.Immutable;
using System.IO.Enumeration;
using System.Text.RegularExpressions;

namespace Fleet.Host.Hosts;

/// <summary>One key of <c>allowed_signers</c>.</summary>
/// <param name="Key">Its bytes, in hexadecimal: the same bytes can be written in base64 in more than one way.</param>
/// <param name="Namespaces">Patterns of what it may sign; null: anything.</param>
internal sealed record AllowedSigner(int Line, ImmutableArray<string> Principals, string Key, string? Namespaces)
{
    public bool Signs(string space) =>
        Namespaces is null || Namespaces.Split(',').Any(pattern => FileSystemName.MatchesSimpleExpression(pattern, space, ignoreCase: false));
}

/// <summary>Who can sign on a host (ssh-keygen(1), ALLOWED SIGNERS). Only to tell what cannot work: signatures are verified elsewhere.</summary>
internal sealed partial record AllowedSigners(ImmutableArray<AllowedSigner> Keys, ImmutableArray<string> Mistakes)
{
    private const string Grant = "fleet-grant", Request = "fleet-request";

    public static AllowedSigners Read(string text)
    {
        var (keys, mistakes) = (ImmutableArray.CreateBuilder<AllowedSigner>(), ImmutableArray.CreateBuilder<string>());
        var lines = text.Split('\n').Select((line, i) => (Text: line.Trim(), Number: i + 1)).Where(line => line.Text.Length > 0 && line.Text[0] != '#');
        foreach (var (line, number) in lines)
        {
            var match = Line().Match(line);
            if (!match.Success || !Convert.TryFromBase64String(match.Groups["key"].Value, new byte[line.Length], out _))
            {
                mistakes.Add($"line {number} is not 'PRINCIPAL [OPTIONS] KEYTYPE KEY'");
            }
            else if (match.Groups["options"].Value.Contains("cert-authority", StringComparison.OrdinalIgnoreCase))
            {
                mistakes.Add($"line {number} is a certificate authority: whom it certifies, nobody can count");
            }
            else if (match.Groups["who"].Value.AsSpan().IndexOfAny("*?!") >= 0)
            {
                mistakes.Add($"line {number} has a pattern for a principal: for whom it stands, nobody can count");
            }
            else
            {
                keys.Add(Signer(match, number));
            }
        }

        return new([.. keys], [.. mistakes]);
    }

    /// <summary>Names of those who can approve.</summary>
    public ImmutableHashSet<string> Approvers => Of(Grant);

    /// <summary>Names of those who can ask.</summary>
    public ImmutableHashSet<string> Requesters => Of(Request);

    /// <summary>Keys that stand for more than one name: one person would count as several.</summary>
    public IEnumerable<string> Shared => Keys.GroupBy(key => key.Key)
        .Select(same => (Names: same.SelectMany(key => key.Principals).Distinct().ToList(), Lines: same.Select(key => key.Line).Distinct().ToList()))
        .Where(key => key.Names.Count > 1)
        .Select(key => $"{string.Join(" and ", key.Names)} have one key (line {string.Join(" and ", key.Lines)})");

    private ImmutableHashSet<string> Of(string space) => [.. Keys.Where(key => key.Signs(space)).SelectMany(key => key.Principals)];

    private static AllowedSigner Signer(Match match, int number) => new(
        number,
        [.. match.Groups["who"].Value.Trim('"').Split(',', StringSplitOptions.RemoveEmptyEntries)],
        Convert.ToHexString(Convert.FromBase64String(match.Groups["key"].Value)),
        Namespaces().Match(match.Groups["options"].Value) is { Success: true } spaces ? spaces.Groups[1].Value : null);

    [GeneratedRegex("""^(?<who>"[^"]+"|[^\s"]+)\s+((?<options>([^\s"]|"[^"]*")+)\s+)?(ssh|ecdsa|sk-ssh|sk-ecdsa)-\S+\s+(?<key>[A-Za-z0-9+/]+=*)(\s|$)""")]
    private static partial Regex Line();

    [GeneratedRegex("namespaces=\"([^\"]*)\"", RegexOptions.IgnoreCase)]
    private static partial Regex Namespaces();
}
