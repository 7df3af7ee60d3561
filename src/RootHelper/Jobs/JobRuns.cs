using System.Text.Json;
using Fleet.RootHelper.Linux;
using Fleet.RootHelper.RootTasks;
using Fleet.RootTasks;
using Fleet.Sandboxes;
using Microsoft.Win32.SafeHandles;

namespace Fleet.RootHelper.Jobs;

/// <summary>
/// The processes of jobs that the helper started: a folder of root's for each, made before anything of it runs and removed after all of it is gone and its end is in
/// the log. A helper holds its lock while it starts or removes it; whoever can take that finds either a process that has begun, or a start that was cut off, and ends that.
/// </summary>
internal sealed partial class JobRuns(Places places)
{
    private const uint Private = 0x1C0, Shown = 0x1ED; // 0700, 0755
    private const int Exclusive = 2, ExclusiveNow = 6; // LOCK_EX, and with LOCK_NB

    /// <summary>Makes what is missing. Idempotent.</summary>
    public void Prepare()
    {
        foreach (var (folder, mode) in ((string, uint)[])[(places.Run, Shown), (places.Jobs, Private), (places.Exits, Shown)])
        {
            if (Libc.MakeFolder(folder, mode) == 0)
            {
                using var made = LinuxException.Check(Libc.Open(folder, Libc.ReadOnly | Libc.Folder | Libc.NoFollow), $"open {folder}");
                LinuxException.Check(Libc.ChangeMode(made, mode), $"set the mode of {folder}");
            }
        }

        RootsOwn.Open(places.Jobs).Dispose();
        RootsOwn.Open(places.Exits).Dispose();
    }

    public string Exit(RunId run) => $"{places.Exits}/{run}";

    /// <summary>Of root alone.</summary>
    public string FolderOf(RunId run) => $"{places.Jobs}/{run}";

    /// <summary>Begins a run: of two that try, one succeeds; and none does while the process runs already.</summary>
    /// <returns>Held for as long as its start goes on.</returns>
    /// <exception cref="Denied">It was begun before, or another run of the process has not ended.</exception>
    public SafeFileHandle Begin(RootJobRun run)
    {
        // One helper at a time: between a folder's making and its lock another would take it for one that was left behind.
        using var alone = Locked(places.Jobs);
        if (All().Select(Find).FirstOrDefault(other => other is not null && other.Job == run.Job && other.Process == run.Process && IsAlive(other)) is { } running)
        {
            throw new Denied(RootDenial.UseTaken, $"{run.Job}:{run.Process} runs already, as {running.Run}");
        }

        if (Libc.MakeFolder(FolderOf(run.Run), Private) < 0)
        {
            throw Libc.Error == Libc.EEXIST
                ? new Denied(RootDenial.UseTaken, $"the run {run.Run} was begun before")
                : new Denied(RootDenial.LogUnwritable, $"the run {run.Run} cannot be written down: {Libc.ErrorText}");
        }

        var held = Locked(FolderOf(run.Run));
        Keep(run);
        RootState.Sync(places.Jobs);
        return held;
    }

    public void Keep(RootJobRun run)
    {
        var part = $"{FolderOf(run.Run)}/run.part.{Environment.ProcessId}"; // Who ends a run may not wait for who holds it.
        File.WriteAllBytes(part, JsonSerializer.SerializeToUtf8Bytes(run, RootJson.Default.RootJobRun));
        File.Move(part, RecordOf(run.Run), overwrite: true);
    }

    /// <summary>Null: the helper has started no such run, or nothing of it is left; or its record was cut off by a machine that lost its power, and is no other's.</summary>
    public RootJobRun? Find(RunId run)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(RecordOf(run)), RootJson.Default.RootJobRun);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (JsonException e)
        {
            Operator.Tell($"the record of {run} cannot be read: {e.Message}");
            return null;
        }
    }

    /// <summary>Whether its first process is there.</summary>
    public static bool IsAlive(RootJobRun run) => run.BootId == Proc.BootId && run.Pid is { } pid && Proc.StartTicks(pid) == run.StartTicks;

    /// <summary>Of which anything may be left.</summary>
    public List<RunId> All() =>
        Directory.Exists(places.Jobs) ? [.. Directory.GetDirectories(places.Jobs).Select(path => Path.GetFileName(path)).Where(name => RunId.TryParse(name, out _)).Select(RunId.Parse)] : [];

    private string RecordOf(RunId run) => $"{FolderOf(run)}/run.json";

    private static SafeFileHandle Locked(string folder)
    {
        var handle = LinuxException.Check(Libc.Open(folder, Libc.ReadOnly | Libc.Folder), $"open {folder}");
        LinuxException.Check(Libc.Flock(handle, Exclusive), $"lock {folder}");
        return handle;
    }

    // Null: a helper is at it, or it is gone.
    private SafeFileHandle? LockedNow(RunId run)
    {
        using var alone = Locked(places.Jobs);
        var folder = Libc.Open(FolderOf(run), Libc.ReadOnly | Libc.Folder);
        if (!folder.IsInvalid && Libc.Flock(folder, ExclusiveNow) == 0)
        {
            return folder;
        }

        folder.Dispose();
        return null;
    }
}
