using System.Collections.Immutable;
using System.Text;
using System.Text.RegularExpressions;
using Fleet.Jobs;
using Fleet.Processes;

namespace Fleet.Host.Jobs;

// Stands in for the real reader until it is merged: knows job, name, executable and privileged, one per line.
public static partial class JobFileReader
{
    public static JobFileResult Read(string fileName, ReadOnlyMemory<byte> content, JobFileOptions options)
    {
        var mistakes = ImmutableArray.CreateBuilder<FileMistake>();
        var processes = new List<ProcessSpec>();
        var (name, space, number) = (options.Name, JobId.DefaultNamespace, 0);
        foreach (var line in Encoding.UTF8.GetString(content.Span).Split('\n'))
        {
            number++;
            var match = Line().Match(line);
            var (key, value) = (match.Groups[1].Value, match.Groups[2].Value.Trim());
            switch (key)
            {
                case "job": name ??= value; break;
                case "namespace": space = value; break;
                case "name": processes.Add(new ProcessSpec { Name = value, Executable = "/bin/true" }); break;
                case "executable": processes[^1] = processes[^1] with { Executable = value }; break;
                case "args": processes[^1] = processes[^1] with { Args = [.. value.Trim('[', ']').Split(", ")] }; break;
                case "privileged": processes[^1] = processes[^1] with { Unsafe = new Unsafe(value == "true", [], false) }; break;
                case "processes" or "unsafe" or "": break;
                default: mistakes.Add(new FileMistake(fileName, number, 1, key, $"unknown key '{key}'")); break;
            }
        }

        if (!JobId.TryParse($"{space}/{name}", out var id))
        {
            mistakes.Add(new FileMistake(fileName, 1, 1, "job", "a job has a name"));
        }

        return mistakes.Count > 0
            ? new JobFileResult(null, mistakes.ToImmutable())
            : new JobFileResult(new JobSubmission(new JobSpec(id, [.. processes], []), ImmutableDictionary<Digest, ImmutableArray<byte>>.Empty), []);
    }

    public static JobFileResult ReadFile(string path, JobFileOptions options) => Read(path, File.ReadAllBytes(path), options);

    [GeneratedRegex("^[ -]*([a-z_]*)(?::(.*))?$")]
    private static partial Regex Line();
}
