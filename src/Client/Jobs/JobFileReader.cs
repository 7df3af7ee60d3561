using Fleet.Client.Linux;
using Fleet.Jobs;
using Microsoft.Win32.SafeHandles;

namespace Fleet.Client.Jobs;

/// <summary>
/// Job files: YAML to a <see cref="JobSubmission"/>, or to all of its mistakes. Safe with hostile input, as the agent reads what anybody
/// may send it: time and memory are bounded by <see cref="MaxBytes"/> and <see cref="YamlTree"/>'s bounds. Thread-safe; never throws for what a file holds.
/// </summary>
public static class JobFileReader
{
    public const int MaxBytes = 1024 * 1024;

    /// <param name="fileName">For the mistakes only; nothing is opened.</param>
    public static JobFileResult Read(string fileName, ReadOnlyMemory<byte> content, JobFileOptions options)
    {
        var mistakes = new MistakeList();
        if (content.Length > MaxBytes)
        {
            return Refuse(fileName, TooLarge(content.Length));
        }

        if (YamlText.Read(fileName, content.Span, mistakes) is not { } text || YamlTree.Read(fileName, text, mistakes) is not { } tree)
        {
            return new JobFileResult(null, mistakes.Sorted());
        }

        if (tree is not YamlNode.Map)
        {
            mistakes.Add(tree.Mark, "", $"a job file is a map of keys such as processes; got {tree.Kind}");
            return new JobFileResult(null, mistakes.Sorted());
        }

        var submission = Submission(YamlOverride.Apply(tree, options.Set, mistakes), options, mistakes);
        return new JobFileResult(mistakes.Any ? null : submission, mistakes.Sorted());
    }

    /// <summary>Reads a regular file, or a link to one, and no more of it than a job file may have.</summary>
    public static JobFileResult ReadFile(string path, JobFileOptions options)
    {
        try
        {
            using var file = Libc.OpenRegularFile(path);
            return ReadOpen(path, file, options);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Refuse(path, $"cannot read it: {e.Message}");
        }
    }

    private static JobFileResult ReadOpen(string path, SafeFileHandle file, JobFileOptions options)
    {
        var length = RandomAccess.GetLength(file);
        if (length > MaxBytes)
        {
            return Refuse(path, TooLarge(length));
        }

        // One byte more than may be: a file that grows meanwhile is refused by its size too.
        var content = new byte[MaxBytes + 1];
        var filled = 0;
        for (int read; filled < content.Length && (read = RandomAccess.Read(file, content.AsSpan(filled), filled)) > 0;)
        {
            filled += read;
        }

        return Read(path, content.AsMemory(0, filled), options);
    }

    private static JobSubmission Submission(YamlNode tree, JobFileOptions options, MistakeList mistakes)
    {
        var reading = new FieldReading(mistakes);
        var submission = new JobFields(options).Read(new Field(reading, "", tree, tree.Mark));
        foreach (var broken in JobRules.Check(submission.Spec, options.BoshRoot).Where(m => !mistakes.Covers(m.Path)).ToList())
        {
            mistakes.Add(reading.MarkOf(broken.Path), broken.Path, broken.Message);
        }

        return submission with { Spec = InSandbox(submission.Spec, options.BoshRoot) };
    }

    // One spelling for what follows: a digest, and a grant's set, must not depend on where a host has BPM's root.
    private static JobSpec InSandbox(JobSpec spec, string boshRoot) => spec with
    {
        Processes = [.. spec.Processes.Select(p => p with
        {
            AdditionalVolumes = [.. p.AdditionalVolumes.Select(v => v with { Path = JobRules.InSandbox(v.Path, boshRoot) })],
        })],
    };

    private static string TooLarge(long length) => $"a job file has at most {MaxBytes} bytes; this one has {length}: put large content into a package";

    private static JobFileResult Refuse(string file, string message)
    {
        var mistakes = new MistakeList();
        mistakes.Add(YamlMark.Start(file), "", message);
        return new JobFileResult(null, mistakes.Sorted());
    }
}
