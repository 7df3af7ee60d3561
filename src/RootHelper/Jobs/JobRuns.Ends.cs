using System.Globalization;
using Fleet.Grants;
using Fleet.RootHelper.Linux;
using Fleet.RootHelper.RootTasks;
using Fleet.RootTasks;
using Fleet.Sandboxes;

namespace Fleet.RootHelper.Jobs;

// How runs end, by whomever, and how that comes into the log: once, and before what is kept of them goes.
internal sealed partial class JobRuns
{
    /// <summary>Ends the processes of a run, and then keeps why, if it can: to end is never kept from by what cannot be written.</summary>
    public void End(RootJobRun run, RootEnd why)
    {
        var ended = File.Exists(Exit(run.Run));
        Kill(run);
        if (!ended && run.Why is null)
        {
            // As it is now: meanwhile another may have written down how it ended.
            Try(run.Run, () =>
            {
                if (Find(run.Run) is { Why: null, IsLogging: false } now)
                {
                    Keep(now with { Why = why });
                }
            });
        }
    }

    /// <summary>Ends the processes of a run, and says nothing of it: its end is that of one that was killed.</summary>
    public static void Kill(RootJobRun run)
    {
        KillFirst(run);
        new JobCgroup(run.Run).Kill(job: true);
    }

    /// <summary>Ends what runs of a grant, each whatever becomes of the others.</summary>
    public void EndAll(GrantId grant)
    {
        foreach (var id in All())
        {
            Try(id, () =>
            {
                if (Find(id) is { } run && run.Grant == grant)
                {
                    End(run, RootEnd.Revoked);
                }
            });
        }
    }

    /// <summary>Ends all of a run, writes down how it ended, and removes it. Idempotent. A start that goes on is waited for.</summary>
    /// <exception cref="IOException">A process of it cannot be ended now; it is there still.</exception>
    /// <exception cref="Denied">Its end cannot be written down; it is there still, and nothing of it runs.</exception>
    public void Remove(RunId id, RootLog log, DateTimeOffset now)
    {
        using var folder = Libc.Open(FolderOf(id), Libc.ReadOnly | Libc.Folder);
        if (folder.IsInvalid)
        {
            File.Delete(Exit(id)); // The last to go of one that another removes, or was killed over.
            return;
        }

        LinuxException.Check(Libc.Flock(folder, Exclusive), $"lock {FolderOf(id)}");
        RemoveLocked(id, log, now);
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

    /// <summary>
    /// Ends what is over or was half begun by a helper that was killed, and writes down what has ended. Called before every request, and when the listener sees a
    /// helper die. What it cannot do now keeps nobody from being heard.
    /// </summary>
    public void Sweep(RootLog log, Func<GrantId, bool> isRevoked, DateTimeOffset now)
    {
        foreach (var id in All())
        {
            Try(id, () => SweepOne(id, log, isRevoked, now));
        }
    }

    private void SweepOne(RunId id, RootLog log, Func<GrantId, bool> isRevoked, DateTimeOffset now)
    {
        using var folder = LockedNow(id);
        if (folder is null)
        {
            return;
        }

        switch (Find(id))
        {
            case { Begun: true } run when run.BootId != Proc.BootId:
                LogEnd(run, log, Entry(run, RootAct.Lost, now) with { Detail = $"{Detail(run)}: the host was booted" });
                Forget(id);
                break;
            case { Begun: true } run when !IsAlive(run) && File.Exists(Exit(id)):
                LogEnd(run, log, EndOf(run, now));
                break;
            case { Begun: true } run when isRevoked(run.Grant):
                End(run, RootEnd.Revoked);
                break;
            case { Begun: true, Over: { } over } run when now >= over:
                End(run, RootEnd.GrantOver);
                break;
            case { Begun: true }:
                break;
            default:
                RemoveLocked(id, log, now);
                break;
        }
    }

    private void RemoveLocked(RunId id, RootLog log, DateTimeOffset now)
    {
        var group = new JobCgroup(id);
        var run = Find(id);
        var cut = run is not null && IsAlive(run) && !File.Exists(Exit(id));
        if (run is not null)
        {
            KillFirst(run);
        }

        group.Remove();
        if (!group.IsGone)
        {
            throw new IOException($"a process of {id} cannot be ended now, such as one that waits for a disk");
        }

        if (run is not null)
        {
            run = cut && run.Why is null ? run with { Why = RootEnd.Cancelled } : run;
            LogEnd(run, log, EndOf(run, now));
        }

        Forget(id);
    }

    // With the first process of its pids the kernel ends all of them, whatever they have made of their cgroups.
    private static void KillFirst(RootJobRun run)
    {
        using var first = IsAlive(run) ? Proc.Find(run.Pid!.Value, run.StartTicks) : null;
        if (first is not null)
        {
            Libc.Signal(first, Libc.Sigkill);
        }
    }

    /// <summary>Writes down how a run ended. Once: who looks again finds that it was done, or, where a helper was killed over it, looks it up.</summary>
    public void LogEnd(RootJobRun run, RootLog log, RootLogEntry end)
    {
        if (run.IsLogged)
        {
            return;
        }

        if (!run.IsLogging || !log.EndsWith(entry => entry.Run == run.Run))
        {
            Keep(run with { IsLogging = true });
            log.Append(end);
        }

        Keep(run with { IsLogged = true });
    }

    private RootLogEntry EndOf(RootJobRun run, DateTimeOffset at) =>
        Entry(run, run.Begun ? RootAct.Ended : RootAct.Lost, at) with { ExitCode = ExitCode(run.Run), How = run.Begun ? run.Why ?? RootEnd.Exited : null };

    public static RootLogEntry Entry(RootJobRun run, RootAct what, DateTimeOffset at) =>
        Entries.Of(what, at) with { Grant = run.Grant, Document = run.Document, Run = run.Run, Detail = Detail(run) };

    private static string Detail(RootJobRun run) => $"{run.Job}:{run.Process}, {EnumText.Of(run.Phase)}";

    private int? ExitCode(RunId run) => File.Exists(Exit(run)) && int.TryParse(File.ReadAllText(Exit(run)), CultureInfo.InvariantCulture, out var code) ? code & 0xFF : null;

    private static void Try(RunId run, Action act)
    {
        try
        {
            act();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or Denied)
        {
            Operator.Tell($"{run}: {e.Message}; the next helper tries again");
        }
    }
}
