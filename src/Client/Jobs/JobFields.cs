using System.Collections.Immutable;
using System.Text;
using Fleet.Jobs;

namespace Fleet.Client.Jobs;

/// <summary>The top level of a job file.</summary>
internal sealed class JobFields(JobFileOptions options)
{
    private readonly CarriedContents contents = new();

    public JobSubmission Read(Field root)
    {
        var keys = root.Keys(JobFileKeys.Job, JobFileKeys.NotOnOneHost);
        var id = Id(keys["job"], keys["namespace"]);
        var processes = Processes(keys["processes"]).Select(p => new ProcessFields(contents).Read(p));
        var files = keys["files"].Items().Select(File);
        var spec = new JobSpec(id, [.. processes], [.. files]);
        return new JobSubmission(spec, contents.All);
    }

    // Counted before they are read: a file of a hundred thousand empty processes costs no more than any other.
    private static ImmutableArray<Field> Processes(Field processes)
    {
        var items = processes.Items(keepNull: true);
        if (items.Length <= JobRules.MaxProcesses)
        {
            return items;
        }

        processes.Wrong($"a job has at most {JobRules.MaxProcesses} processes and this one has {items.Length}; make it several jobs");
        return [];
    }

    private JobId Id(Field job, Field space)
    {
        var written = options.Name ?? job.Text();
        var whole = options.Name?.Contains('/') == true ? options.Name : $"{space.Text() ?? JobId.DefaultNamespace}/{written}";
        if (JobId.TryParse(whole, out var id))
        {
            return id;
        }

        var at = JobId.IsPart(written) ? space : options.Name is null ? job : job.From("--name");
        at.Wrong(written is null ? "the job has no name; write it under job, or give it with --name" : $"{JobId.PartRule}; got '{whole}'");
        return JobId.Of(JobId.DefaultNamespace, "unnamed");
    }

    private JobFile File(Field file)
    {
        var keys = file.Keys(JobFileKeys.File);
        var content = keys["content"];
        if (!content.IsSet && file.IsMap)
        {
            content.Wrong("a file has content: its text (\"\" for an empty file)");
        }

        return new JobFile(keys["path"].Text() ?? "", Mode(keys["mode"]), contents.Keep(content.Text() ?? ""));
    }

    private static int Mode(Field mode)
    {
        var text = mode.Text() ?? "0644";
        if (text.Length is >= 3 and <= 5 && text.TrimStart('0') is { Length: <= 3 } digits && digits.All(c => c is >= '0' and <= '7'))
        {
            return digits.Length == 0 ? 0 : Convert.ToInt32(digits, 8);
        }

        mode.Wrong($"a mode is octal permission bits from \"0000\" to \"0777\"; got '{text}'");
        return 0;
    }
}

/// <summary>Texts that a specification names only by digest.</summary>
internal sealed class CarriedContents
{
    private readonly ImmutableDictionary<Digest, ImmutableArray<byte>>.Builder contents = ImmutableDictionary.CreateBuilder<Digest, ImmutableArray<byte>>();

    public ImmutableDictionary<Digest, ImmutableArray<byte>> All => contents.ToImmutable();

    public Digest Keep(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var digest = Digest.Of(bytes);
        contents[digest] = [.. bytes];
        return digest;
    }
}
