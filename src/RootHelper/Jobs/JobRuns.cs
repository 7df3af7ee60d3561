using System.Text.Json;
using Fleet.Grants;
using Fleet.RootHelper.Linux;
using Fleet.RootHelper.RootTasks;
using Fleet.RootTasks;
using Fleet.Sandboxes;
using Microsoft.Win32.SafeHandles;

namespace Fleet.RootHelper.Jobs;

/// <summary>
/// The processes of jobs that the helper started: a folder of root's for each, made before anything of it runs and removed after all of it is gone. Whoever
/// finds it without the lock of a living helper and without a pid finds a start that was cut off, and ends it.
/// </summary>
internal sealed class JobRuns(Places places)
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

    /// <summary>Begins a run: of two that try, one succeeds.</summary>
    /// <returns>Held for as long as its start goes on.</returns>
    /// <exception cref="Denied">It was begun before.</exception>
    public SafeFileHandle Begin(RootJobRun run)
    {
        if (Libc.MakeFolder(FolderOf(run.Run), Private) < 0)
        {
            throw Libc.Error == Libc.EEXIST
                ? new Denied(RootDenial.UseTaken, $"the run {run.Run} was begun before")
                : new Denied(RootDenial.LogUnwritable, $"the run {run.Run} cannot be written down: {Libc.ErrorText}");
        }

        var held = LinuxException.Check(Libc.Open(FolderOf(run.Run), Libc.ReadOnly | Libc.Folder), $"open {FolderOf(run.Run)}");
        LinuxException.Check(Libc.Flock(held, ExclusiveNow), $"lock {FolderOf(run.Run)}");
        Keep(run);
        return held;
    }

    public void Keep(RootJobRun run)
    {
        File.WriteAllBytes($"{FolderOf(run.Run)}/run.part", JsonSerializer.SerializeToUtf8Bytes(run, RootJson.Default.RootJobRun));
        File.Move($"{FolderOf(run.Run)}/run.part", RecordOf(run.Run), overwrite: true);
    }

    /// <summary>Null: the helper has started no such run, or nothing of it is left.</summary>
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
    }

    /// <summary>Of which anything may be left.</summary>
    public List<RunId> All() =>
        Directory.Exists(places.Jobs) ? [.. Directory.GetDirectories(places.Jobs).Select(path => Path.GetFileName(path)).Where(name => RunId.TryParse(name, out _)).Select(RunId.Parse)] : [];

    /// <summary>Ends the processes of a run, and keeps why: its end is written down when it is removed.</summary>
    public void End(RootJobRun run, RootEnd why)
    {
        if (!File.Exists(Exit(run.Run)) && !File.Exists(Why(run.Run)))
        {
            File.WriteAllText(Why(run.Run), why.ToString());
        }

        new JobCgroup(run.Run).Kill(job: true);
    }

    /// <summary>Ends what runs of a grant.</summary>
    public void EndAll(GrantId grant)
    {
        foreach (var run in All().Select(Find).OfType<RootJobRun>().Where(run => run.Grant == grant))
        {
            End(run, RootEnd.Revoked);
        }
    }

    /// <summary>Ends all of a run, writes down how it ended, and removes it. Idempotent.</summary>
    /// <exception cref="IOException">A process of it cannot be ended now; it is there still.</exception>
    /// <exception cref="Denied">Its end cannot be written down; it is there still, and nothing of it runs.</exception>
    public void Remove(RunId id, RootLog log, DateTimeOffset now)
    {
        // One helper at a time: a start that goes on is waited for, and no other takes away what this one looks at.
        using var folder = Libc.Open(FolderOf(id), Libc.ReadOnly | Libc.Folder);
        if (!folder.IsInvalid)
        {
            LinuxException.Check(Libc.Flock(folder, Exclusive), $"lock {FolderOf(id)}");
        }

        RemoveLocked(id, log, now);
    }

    private void RemoveLocked(RunId id, RootLog log, DateTimeOffset now)
    {
        var group = new JobCgroup(id);
        var run = Find(id);
        var how = run is null ? default : How(run);
        group.Remove();
        if (!group.IsGone)
        {
            throw new IOException($"a process of {id} cannot be ended now, such as one that waits for a disk");
        }

        if (run is not null)
        {
            log.Append(Entry(run, run.Pid is null ? RootAct.Lost : RootAct.Ended, now) with { ExitCode = ExitCode(id), How = how });
        }

        Forget(id);
    }

    /// <summary>Removes what is kept of a run of which nothing runs, and of whose end the log tells.</summary>
    public void Forget(RunId id)
    {
        // Its record first: what is left without one has been written down.
        if (Directory.Exists(FolderOf(id)))
        {
            File.Delete(RecordOf(id));
            Directory.Delete(FolderOf(id), recursive: true);
        }

        File.Delete(Exit(id));
    }

    /// <summary>Ends what is over, and what a killed helper left half begun. Called before every request, and when the listener sees a helper die.</summary>
    public void Sweep(RootLog log, Func<GrantId, bool> isRevoked, DateTimeOffset now)
    {
        foreach (var id in All())
        {
            try
            {
                SweepOne(id, log, isRevoked, now);
            }
            catch (IOException e)
            {
                // What cannot be ended now keeps nobody from being heard; the next helper tries again.
                Console.Error.WriteLine($"fleet-root-helper: {id}: {e.Message}");
            }
        }
    }

    private void SweepOne(RunId id, RootLog log, Func<GrantId, bool> isRevoked, DateTimeOffset now)
    {
        using var folder = Libc.Open(FolderOf(id), Libc.ReadOnly | Libc.Folder);
        if (folder.IsInvalid || Libc.Flock(folder, ExclusiveNow) < 0)
        {
            return;
        }

        switch (Find(id))
        {
            case { Pid: not null } run when isRevoked(run.Grant):
                End(run, RootEnd.Revoked);
                break;
            case { Pid: not null, Over: { } over } run when now >= over:
                End(run, RootEnd.GrantOver);
                break;
            case { Pid: not null }:
                break;
            default:
                RemoveLocked(id, log, now);
                break;
        }
    }

    public static RootLogEntry Entry(RootJobRun run, RootAct what, DateTimeOffset at) => Entries.Of(what, at) with
    {
        Grant = run.Grant, Document = run.Document, Run = run.Run, Detail = $"{run.Job}:{run.Process}, {EnumText.Of(run.Phase)}",
    };

    private RootEnd How(RootJobRun run) =>
        File.Exists(Why(run.Run)) && Enum.TryParse<RootEnd>(File.ReadAllText(Why(run.Run)), out var why) ? why
        : File.Exists(Exit(run.Run)) ? RootEnd.Exited : RootEnd.Cancelled;

    private int? ExitCode(RunId run) =>
        File.Exists(Exit(run)) && int.TryParse(File.ReadAllText(Exit(run)), System.Globalization.CultureInfo.InvariantCulture, out var code) ? code & 0xFF : null;

    /// <summary>Of root alone.</summary>
    public string FolderOf(RunId run) => $"{places.Jobs}/{run}";

    private string RecordOf(RunId run) => $"{FolderOf(run)}/run.json";

    private string Why(RunId run) => $"{FolderOf(run)}/why";
}
