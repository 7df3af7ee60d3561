using System.Collections.Immutable;
using Fleet.Hosts;
using Fleet.Jobs;
using Fleet.RootHelper.RootTasks;
using Fleet.RootTasks;
using Fleet.Sandboxes;

namespace Fleet.RootHelper.Jobs;

/// <summary>
/// What a job's process executes: root's alone, wherever it lies on the host, or one of the job's own files, whose digests were signed; and so the interpreters of scripts.
/// </summary>
/// <param name="contents">Of the job's files.</param>
internal sealed class JobProgram(JobStart start, IReadOnlyDictionary<Digest, byte[]> contents)
{
    private const int MostInterpreters = 4;

    // There a path leads to something else than on the host.
    private static readonly string[] OtherInside = ["/tmp", "/var/tmp", "/dev", "/run", "/proc", "/sys"];

    private static readonly HostPaths Inside = new("", HostPaths.Inside);

    public string Path => OciSpec.Program(start.Request)[0];

    /// <summary>The file of the job that it is; null: it is root's, on the host.</summary>
    public JobFile? OwnFile => Own(Path);

    /// <summary>Where on the host it lies, of one that is no file of the job.</summary>
    public string OnHost => start.IsOnHost ? Path : ToHost(Path);

    /// <exception cref="IOException">Others than root can exchange it, or it is not there; the message says which part.</exception>
    public void Check()
    {
        ProgramFile.Check(RootTaskSpec.Init, null);
        Check(Path, MostInterpreters);
    }

    private void Check(string path, int more)
    {
        if (path is not ['/', ..])
        {
            throw new IOException($"'{path}' is no absolute path: which program it is would be up to the folders that are looked through");
        }

        if (Own(path) is { } file)
        {
            CheckOwn(file, path, more);
            return;
        }

        if (JobRules.Canonical(path) != path || (!start.IsOnHost && OtherInside.Any(folder => path.StartsWith($"{folder}/", StringComparison.Ordinal))))
        {
            throw new IOException($"{path} lies where the job's own user can write: what runs with more than the baseline is root's alone, or a file of the job (files:)");
        }

        // On the host itself the kernel takes every path as it stands there.
        ProgramFile.CheckRoots(path, start.IsOnHost ? null : ToHost);
    }

    private void CheckOwn(JobFile file, string path, int more)
    {
        if (start.IsOnHost && path != Path)
        {
            throw new IOException($"{path} runs a script on the host itself, where that path is the agent's: an interpreter is root's alone");
        }

        if (more == 0)
        {
            throw new IOException($"{path} is run by a script that is run by a script, and so on");
        }

        if (ProgramFile.Interpreter(contents[file.Content]) is { } interpreter)
        {
            Check(interpreter, more - 1);
        }
    }

    private JobFile? Own(string path) => start.Job.Files.FirstOrDefault(file => path == $"{Inside.Job(start.Job.Id)}/{file.Path}");

    private string ToHost(string path) => path.StartsWith($"{HostPaths.Inside}/", StringComparison.Ordinal) ? OciMounts.OnHost(start.Facts.Paths, path) : path;
}
