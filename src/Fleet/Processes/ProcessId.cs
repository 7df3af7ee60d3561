using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;
using Fleet.Jobs;

namespace Fleet.Processes;

/// <summary>A process's identity on a host: its job and its name there. Written <c>JOB:PROCESS</c>.</summary>
[JsonConverter(typeof(ParsedStringConverter<ProcessId>))]
public readonly record struct ProcessId(JobId Job, string Name) : IParsedString<ProcessId>
{
    public const string NameRule = "a process name has 1 to 64 printable characters and no '/' or ':', and is neither '.' nor '..'";

    public static ProcessId Parse(string text) =>
        TryParse(text, out var id) ? id : throw new FormatException($"'{text}' is not a process: JOB:PROCESS");

    public static bool TryParse(string? text, [MaybeNullWhen(false)] out ProcessId id)
    {
        id = default;
        var colon = text?.IndexOf(':') ?? -1;
        if (colon < 0 || !JobId.TryParse(text![..colon], out var job) || !IsName(text[(colon + 1)..]))
        {
            return false;
        }

        id = new ProcessId(job, text[(colon + 1)..]);
        return true;
    }

    public static bool IsName(string? name) =>
        name is { Length: >= 1 and <= 64 } and not ("." or "..") && name.All(c => !char.IsControl(c) && c is not ('/' or ':') && c < 0xD800);

    public override string ToString() => $"{Job}:{Name}";
}
