using System.Collections.Immutable;
using Fleet.Hosts;
using Fleet.Jobs;
using Fleet.Sandboxes;

namespace Fleet.Host.Sandboxes;

/// <summary>
/// The files of a job's specification, written into <c>jobs/JOB</c>. They belong to the agent, in a folder that only the job's group can enter; the owner's
/// read and execute bits hold for the job too, and nobody may write.
/// </summary>
internal static class JobFiles
{
    private const string Manifest = ".fleet-files";
    private const int Everybody = 0x49, Readable = 0x16D;

    private static int parts;

    /// <remarks>One call at a time per job: the caller holds its lock.</remarks>
    /// <exception cref="StartRefused">A content is not on this host, or a folder stands where a file should.</exception>
    public static void Write(HostPaths paths, JobId job, ImmutableArray<JobFile> files)
    {
        var folder = paths.Job(job);
        var listed = $"{folder}/{Manifest}";
        var before = File.Exists(listed) ? File.ReadAllLines(listed) : [];
        foreach (var file in files.Where(f => !IsThere($"{folder}/{f.Path}", f)))
        {
            Write(paths, folder, file);
        }

        string[] now = [.. files.Select(f => f.Path).Order(StringComparer.Ordinal)];
        foreach (var gone in before.Except(now))
        {
            File.Delete($"{folder}/{gone}");
        }

        if (!now.SequenceEqual(before))
        {
            Replace(listed, System.Text.Encoding.UTF8.GetBytes(string.Join('\n', now)), (UnixFileMode)0x124);
        }
    }

    private static bool IsThere(string path, JobFile file) =>
        File.Exists(path) && File.GetUnixFileMode(path) == Mode(file) && Digest.Of(File.ReadAllBytes(path)) == file.Content;

    private static void Write(HostPaths paths, string folder, JobFile file)
    {
        var content = paths.Content(file.Content);
        if (!File.Exists(content))
        {
            throw new StartRefused(StartFailureCode.FilesRefused, $"the content of the job's file {file.Path} is not on this host; submit the job again");
        }

        var path = $"{folder}/{file.Path}";
        Directory.CreateDirectory(Path.GetDirectoryName(path)!, (UnixFileMode)0x1ED);
        Replace(path, File.ReadAllBytes(content), Mode(file));
    }

    private static UnixFileMode Mode(JobFile file) => (UnixFileMode)((((file.Mode >> 6) & 7) * Everybody | file.Mode) & Readable);

    // A part that a killed agent left may be closed for writing already: each has a name of its own, and the old ones go.
    private static void Replace(string path, byte[] content, UnixFileMode mode)
    {
        foreach (var left in Directory.GetFiles(Path.GetDirectoryName(path)!, $"{Path.GetFileName(path)}.fleet-part*"))
        {
            File.Delete(left);
        }

        var part = $"{path}.fleet-part-{Environment.ProcessId}-{Interlocked.Increment(ref parts)}";
        File.WriteAllBytes(part, content);
        File.SetUnixFileMode(part, mode);
        File.Move(part, path, overwrite: true);
    }
}
