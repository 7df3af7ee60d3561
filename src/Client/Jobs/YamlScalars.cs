using System.Globalization;
using System.Text.RegularExpressions;

namespace Fleet.Client.Jobs;

/// <summary>What a scalar means where BPM expects a bool, a number or a size: the rules of gopkg.in/yaml.v3 (resolve.go, decode.go) and of bytefmt.</summary>
internal static partial class YamlScalars
{
    /// <summary>YAML 1.1's words. Quoted, yaml.v3 takes yes, no, on, off, y, n for a bool but refuses "true"; so do we, as files rely on it.</summary>
    public static bool? Bool(YamlNode.Scalar scalar) => scalar switch
    {
        { Text: "y" or "Y" or "yes" or "on" } => true,
        { Text: "n" or "N" or "no" or "off" } => false,
        { Plain: true, Text: "true" or "True" or "TRUE" or "Yes" or "YES" or "On" or "ON" } => true,
        { Plain: true, Text: "false" or "False" or "FALSE" or "No" or "NO" or "Off" or "OFF" } => false,
        _ => null,
    };

    /// <summary>Decimal, 0x, 0o, 0b, a leading 0 for octal, '_' between digits; floats if they are a whole number (BPM's parser would cut the rest off).</summary>
    public static decimal? Whole(YamlNode.Scalar scalar)
    {
        var text = scalar.Text.Replace("_", "", StringComparison.Ordinal);
        if (!scalar.Plain || text.Length > 64)
        {
            return null;
        }

        var negative = text.StartsWith('-');
        var digits = text.TrimStart('+', '-');
        var value = digits.Length < text.Length - 1 ? null : Based(digits) ?? Fraction(scalar);
        return value is { } number && number == decimal.Truncate(number) ? (negative ? -number : number) : null;
    }

    /// <summary>A decimal number, without sign.</summary>
    public static decimal? Fraction(YamlNode.Scalar scalar)
    {
        var text = scalar.Text.Replace("_", "", StringComparison.Ordinal).TrimStart('+', '-');
        return scalar.Plain
            && Float().IsMatch(text)
            && decimal.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;
    }

    /// <summary>Bytes, by code.cloudfoundry.org/bytefmt: a number and a unit in any case, all of base 2. Null if it is none, or too large to count.</summary>
    public static long? Bytes(string text)
    {
        var match = Size().Match(text.Trim().ToUpperInvariant());
        if (!match.Success || !double.TryParse(match.Groups[1].Value, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
        {
            return null;
        }

        var bytes = number * Math.Pow(1024, "BKMGTPE".IndexOf(match.Groups[2].Value[0], StringComparison.Ordinal));
        return bytes is >= 0 and < long.MaxValue ? (long)bytes : null;
    }

    private static decimal? Based(string digits)
    {
        var (radix, rest) = digits switch
        {
            ['0', 'x' or 'X', .. var hex] => (16, hex),
            ['0', 'o' or 'O', .. var octal] => (8, octal),
            ['0', 'b' or 'B', .. var binary] => (2, binary),
            ['0', _, ..] when digits.All(char.IsAsciiDigit) => (8, digits),
            _ => (10, digits),
        };
        decimal value = 0;
        foreach (var c in rest)
        {
            var digit = char.IsAsciiHexDigit(c) ? Convert.ToInt32(c.ToString(), 16) : radix;
            if (digit >= radix || value > ulong.MaxValue)
            {
                return null;
            }

            value = (value * radix) + digit;
        }

        return rest.Length > 0 ? value : null;
    }

    [GeneratedRegex(@"^(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?$")]
    private static partial Regex Float();

    [GeneratedRegex(@"^(\+?[0-9]*\.?[0-9]*)(B|[KMGTPE](?:B|IB)?)$")]
    private static partial Regex Size();
}
