using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace Fleet.Sandboxes;

/// <summary>
/// One run of one sandbox, never used twice: it names the container, the bundle folder, the leaf cgroup and the exit file.
/// 1 to 63 characters of <c>[A-Za-z0-9_.-]</c>, the first a letter or digit.
/// </summary>
[JsonConverter(typeof(ParsedStringConverter<RunId>))]
public readonly record struct RunId : IParsedString<RunId>
{
    private RunId(string text) => Text = text;

    public string Text { get; }

    /// <summary>A readable part of the process's name, and the 48 random-looking low bits of a UUIDv7 in hex, which make it unique.</summary>
    public static RunId Of(Processes.ProcessId process, Guid unique)
    {
        var readable = new string([.. $"{process.Job.FolderName}.{process.Name}".Take(40).Select(c => IsSafe(c) ? c : '_')]);
        return new RunId($"{readable}-{unique.ToString("N")[20..]}");
    }

    public static RunId Parse(string text) => TryParse(text, out var id) ? id : throw new FormatException($"'{text}' is not a run id");

    public static bool TryParse(string? text, [MaybeNullWhen(false)] out RunId id)
    {
        var valid = text is { Length: >= 1 and <= 63 } && char.IsAsciiLetterOrDigit(text[0]) && text.All(IsSafe);
        id = valid ? new RunId(text!) : default;
        return valid;
    }

    public override string ToString() => Text;

    private static bool IsSafe(char c) => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-';
}
