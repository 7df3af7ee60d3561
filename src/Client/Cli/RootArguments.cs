using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using Fleet.Client.Api;
using Fleet.Client.Jobs;
using Fleet.Grants;
using Fleet.Privileges;

namespace Fleet.Client.Cli;

/// <summary>Arguments of the commands about grants, and what their texts mean. All methods throw <see cref="CliException"/> for a text that means nothing.</summary>
internal static class RootArguments
{
    public static Argument<string> Grant() => new("ID") { Description = "The grant, as 'fleet root list' shows it." };

    public static Option<string?> Key() => new("--key")
    {
        Description = "The SSH key that signs: a private key, or a .pub whose other half ssh-agent holds; the first of ~/.ssh when unset.",
        HelpName = "FILE",
    };

    public static Option<string> Reason() => new("--reason") { Description = "Why.", HelpName = "TEXT", Required = true };

    /// <param name="description">The range is added to it.</param>
    public static Option<int> Number(string name, string description, int least, int most)
    {
        var option = new Option<int>(name) { Description = $"{description} From {least} to {most}.", HelpName = "N", DefaultValueFactory = _ => least };
        option.Validators.Add(result =>
        {
            // The text, not the value: one that is no number has none.
            if (result.Tokens is [var given] && !(int.TryParse(given.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most))
            {
                result.AddError($"{name} is a number from {least} to {most}, not '{given.Value}'");
            }
        });
        return option;
    }

    public static GrantId Id(string text) => GrantId.TryParse(text, out var id) ? id : throw Wrong($"'{text}' is not a grant: {GrantId.Rule}");

    public static string Path(string id, string rest = "") => $"/v1/grants/{Id(id)}{rest}";

    public static HostSelector Selector(string text)
    {
        var parts = text.Split(',');
        var labels = parts.Where(p => p.Contains('=')).Select(p => p.Split('=', 2)).ToArray();
        return (labels.Length, labels.DistinctBy(l => l[0]).Count()) switch
        {
            (0, _) => HostSelector.Of(parts),
            var (all, distinct) when all == parts.Length && distinct == all =>
                new HostSelector([], labels.ToImmutableSortedDictionary(l => l[0], l => l[1], StringComparer.Ordinal)),
            _ => throw Wrong($"hosts are names, or labels each of which stands once, such as web-1,web-2 or role=web,zone=a; got '{text}'"),
        };
    }

    /// <param name="lists">Comma-separated; the comma within <c>rw,exec</c> ends nothing.</param>
    public static PrivilegeSet Privileges(IEnumerable<string> lists) => new(lists.SelectMany(list => list.Replace(",exec", "\0exec", StringComparison.Ordinal).Split(',')).Select(part =>
    {
        var text = part.Replace('\0', ',');
        return PrivilegeText.TryParse(text, out var privilege)
            ? privilege
            : throw Wrong($"'{text}' is not a privilege{NearestWord.Hint(text, [.. PrivilegeText.Forms])}");
    }));

    public static (int Uid, int Gid) User(string text) => text.Split(':') switch
    {
        [var uid] => (Number(uid, "--user"), Number(uid, "--user")),
        [var uid, var gid] => (Number(uid, "--user"), Number(gid, "--user")),
        _ => throw Wrong($"a user is UID or UID:GID, in numbers; got '{text}'"),
    };

    public static ImmutableArray<int> Groups(string? list) => list is null ? [] : [.. list.Split(',').Select(group => Number(group, "--groups"))];

    /// <param name="settings">Each as K=V; a later one replaces an earlier one.</param>
    public static ImmutableSortedDictionary<string, string> Environment(IEnumerable<string> settings)
    {
        var env = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal).Add("PATH", string.Join(':', Folders)).Add("LANG", "C.UTF-8");
        return settings.Aggregate(env, (all, one) => one.IndexOf('=', StringComparison.Ordinal) is > 0 and var at
            ? all.SetItem(one[..at], one[(at + 1)..])
            : throw Wrong($"a variable is K=V; got '{one}'"));
    }

    public static int Seconds(string text) => JobArguments.Duration(text).TotalSeconds is var seconds && seconds == Math.Floor(seconds)
        ? (int)Math.Min(seconds, int.MaxValue)
        : throw Wrong($"a grant's times are whole seconds; got '{text}'");

    public static long Size(string text) =>
        YamlScalars.Bytes(text) ?? throw Wrong($"a size is a number and a unit, such as 64K or 1M; got '{text}'");

    public static Digest? Program(string? text) => text is null ? null
        : Digest.TryParse(text, out var digest) ? digest : throw Wrong($"a digest is sha256: and 64 hex digits, as sha256sum prints; got '{text}'");

    /// <summary>A program is named by its path: what a name leads to would be up to each host.</summary>
    public static ImmutableArray<string> Command(string[] words)
    {
        if (words.FirstOrDefault(word => word.Contains('\uFFFD')) is { } broken)
        {
            throw Wrong($"an argument is text in UTF-8, and '{broken}' was not: what is signed would be another than what was typed");
        }

        if (words[0].Contains('/'))
        {
            return [.. words];
        }

        var likely = Folders.Select(folder => $"{folder}/{words[0]}").FirstOrDefault(File.Exists);
        throw Wrong($"a grant names its program by an absolute path; got '{words[0]}'{(likely is null ? "" : $", which here is {likely}: write that")}");
    }

    private static readonly string[] Folders = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"];

    private static int Number(string text, string option) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : throw Wrong($"{option} takes numbers, for names differ between hosts; got '{text}'");

    private static CliException Wrong(string message) => new(ErrorCodes.Invalid, message);
}
