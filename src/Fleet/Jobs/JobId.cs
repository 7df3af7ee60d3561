using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace Fleet.Jobs;

/// <summary>
/// A job's identity: its namespace and name. Written <c>name</c> in the namespace <c>default</c>, else <c>namespace/name</c>.
/// Both parts: 1 to 63 characters of <c>[A-Za-z0-9_.-]</c>, the first a letter or digit.
/// </summary>
[JsonConverter(typeof(ParsedStringConverter<JobId>))]
public readonly record struct JobId : IParsedString<JobId>
{
    public const string DefaultNamespace = "default";

    private JobId(string @namespace, string name) => (Namespace, Name) = (@namespace, name);

    public string Namespace { get; }

    public string Name { get; }

    /// <summary>The job's folder name below BPM's <c>jobs</c>, <c>data</c>, <c>store</c> and <c>sys/log</c>; '@' is in no name, so two jobs never share it.</summary>
    public string FolderName => Namespace == DefaultNamespace ? Name : $"{Namespace}@{Name}";

    /// <exception cref="FormatException">A part breaks the rule above.</exception>
    public static JobId Of(string @namespace, string name) =>
        IsPart(@namespace) && IsPart(name)
            ? new JobId(@namespace, name)
            : throw new FormatException($"'{@namespace}/{name}' is not a job: {PartRule}");

    public static JobId Parse(string text) =>
        TryParse(text, out var id) ? id : throw new FormatException($"'{text}' is not a job: {PartRule}");

    public static bool TryParse(string? text, [MaybeNullWhen(false)] out JobId id)
    {
        var slash = text?.IndexOf('/') ?? -1;
        var (space, name) = slash < 0 ? (DefaultNamespace, text) : (text![..slash], text[(slash + 1)..]);
        var valid = IsPart(space) && IsPart(name);
        id = valid ? new JobId(space, name!) : default;
        return valid;
    }

    public override string ToString() => Namespace == DefaultNamespace ? Name : $"{Namespace}/{Name}";

    public const string PartRule = "namespace and name have 1 to 63 characters of A-Z a-z 0-9 _ . - and start with a letter or digit";

    public static bool IsPart(string? part) =>
        part is { Length: >= 1 and <= 63 }
        && char.IsAsciiLetterOrDigit(part[0])
        && part.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-');
}
