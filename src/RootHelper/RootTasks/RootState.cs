using Fleet.Grants;
using Fleet.RootHelper.Linux;
using Fleet.RootTasks;
using Microsoft.Win32.SafeHandles;

namespace Fleet.RootHelper.RootTasks;

/// <summary>What the helper remembers beside its log, in a folder of root's: which uses are burnt, which run, what was revoked, and its key.</summary>
internal sealed class RootState(Places places)
{
    private const uint Private = 0x1C0; // 0700
    private const int Exclusive = 2, ExclusiveNow = 6; // LOCK_EX, and with LOCK_NB

    /// <summary>Makes what is missing. Idempotent.</summary>
    /// <exception cref="IOException">The folder is not root's alone, or cannot be made.</exception>
    public void Prepare(string host)
    {
        foreach (var folder in (string[])[places.State, places.Uses, places.Revoked, places.Running])
        {
            if (Libc.MakeFolder(folder, Private) == 0)
            {
                Sync(Path.GetDirectoryName(folder)!);
            }
            else if (Libc.Error != Libc.EEXIST)
            {
                throw new LinuxException($"make {folder}");
            }
        }

        RootsOwn.Open(places.State).Dispose();
        using var alone = Locked(places.State);
        if (!File.Exists(places.Key))
        {
            MakeKey(host);
        }
    }

    /// <summary>Of the key that signs receipts.</summary>
    public string PublicKey => File.ReadAllText($"{places.Key}.pub").Trim();

    /// <summary>Burns a use: of two that try, one succeeds, whatever happens to the host in between and after.</summary>
    /// <exception cref="Denied">It was burnt before.</exception>
    public void Burn(GrantId grant, int use)
    {
        using var file = Libc.Open($"{places.Uses}/{NameOf(grant, use)}", Libc.WriteOnly | Libc.Create | Libc.Exclusive, 0x180);
        if (file.IsInvalid)
        {
            throw Libc.Error == Libc.EEXIST
                ? new Denied(RootDenial.UseTaken, $"use {use} of {grant} was burnt before, whatever became of it")
                : new Denied(RootDenial.LogUnwritable, $"use {use} of {grant} cannot be burnt: {Libc.ErrorText}");
        }

        if (Libc.Sync(file) < 0)
        {
            throw new Denied(RootDenial.LogUnwritable, $"use {use} of {grant} cannot be burnt: {Libc.ErrorText}");
        }

        Sync(places.Uses);
    }

    public bool IsRevoked(GrantId grant) => File.Exists($"{places.Revoked}/{grant}");

    /// <summary>Writes down that a grant is revoked, for ever. Idempotent.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Revoke(GrantId grant)
    {
        using var file = Libc.Open($"{places.Revoked}/{grant}", Libc.WriteOnly | Libc.Create, 0x180);
        LinuxException.Check(file, $"write down that {grant} is revoked");
        Sync(places.Revoked);
    }

    /// <summary>Whether the log has a revocation: whoever has a signed one can send it as often as they like.</summary>
    public bool IsRevocationLogged(GrantId grant) => new FileInfo($"{places.Revoked}/{grant}") is { Exists: true, Length: > 0 };

    public void RememberRevocationLogged(GrantId grant)
    {
        using var file = LinuxException.Check(Libc.Open($"{places.Revoked}/{grant}", Libc.WriteOnly), $"remember that {grant} was revoked");
        RandomAccess.Write(file, "in the log\n"u8, 0);
    }

    /// <summary>Says that a use runs, and in which cgroup, for as long as this process lives and until <see cref="Ran"/>.</summary>
    public SafeFileHandle Runs(GrantId grant, int use, Cgroup group)
    {
        using var alone = Locked(places.Running);
        var file = LinuxException.Check(Libc.Open(RunningFile(grant, use), Libc.ReadWrite | Libc.Create | Libc.Exclusive, 0x180), "say that a task runs");
        LinuxException.Check(Libc.Flock(file, ExclusiveNow), "lock a task");
        RandomAccess.Write(file, System.Text.Encoding.UTF8.GetBytes(group.Path), 0);
        RandomAccess.FlushToDisk(file);
        Sync(places.Running);
        return file;
    }

    public void Ran(GrantId grant, int use) => _ = Libc.Unlink(RunningFile(grant, use));

    /// <summary>Ends what runs of a grant, by whatever helper.</summary>
    public void EndAll(GrantId grant)
    {
        foreach (var path in Directory.GetFiles(places.Running, $"{grant}.*"))
        {
            using var file = Libc.Open(path, Libc.ReadOnly | Libc.NoFollow);
            if (!file.IsInvalid)
            {
                Cgroup.Of(Text(file)).Kill();
            }
        }
    }

    /// <summary>Ends and writes down what helpers left behind that were killed. Called before every request, and when the listener sees one die.</summary>
    public void Sweep(RootLog log, DateTimeOffset now)
    {
        using var alone = Locked(places.Running);
        foreach (var path in Directory.GetFiles(places.Running))
        {
            using var file = Libc.Open(path, Libc.ReadWrite | Libc.NoFollow);
            if (!file.IsInvalid && Libc.Flock(file, ExclusiveNow) == 0)
            {
                SweepOne(path, Text(file), log, now);
            }
        }
    }

    public static void Sync(string folder)
    {
        using var handle = LinuxException.Check(Libc.Open(folder, Libc.ReadOnly | Libc.Folder), $"open {folder}");
        LinuxException.Check(Libc.Sync(handle), $"write {folder} to disk");
    }

    private static void SweepOne(string path, string group, RootLog log, DateTimeOffset now)
    {
        if (group.Length > 0)
        {
            // What cannot be ended now is looked at again by the next helper, and not said to be gone.
            var left = Cgroup.Of(group);
            left.Dispose();
            if (!left.IsGone)
            {
                return;
            }
        }

        var name = Path.GetFileName(path);
        var (grant, use) = (GrantId.Parse(name[..name.IndexOf('.')]), int.Parse(name[(name.IndexOf('.') + 1)..], System.Globalization.CultureInfo.InvariantCulture));
        if (!log.EndsWith(entry => entry.Grant == grant && entry.Use == use))
        {
            const string lost = "its helper was ended before it could say what became of it; what was left of it is ended";
            log.Append(Entries.Of(RootAct.Lost, now) with { Grant = grant, Use = use, Detail = lost });
        }

        _ = Libc.Unlink(path);
    }

    // Made beside its place and renamed: a key half written would be no key for ever.
    private void MakeKey(string host)
    {
        var part = $"{places.Key}.{Environment.ProcessId}";
        Grants.SshKeygen.MakeKey(part, $"fleet-root-helper@{host}");
        File.Move($"{part}.pub", $"{places.Key}.pub", overwrite: true);
        File.Move(part, places.Key, overwrite: true);
        Sync(places.State);
    }

    // One helper at a time: between a file's making and its lock another would take it for one that was left behind.
    private static SafeFileHandle Locked(string folder)
    {
        var handle = LinuxException.Check(Libc.Open(folder, Libc.ReadOnly | Libc.Folder), $"open {folder}");
        LinuxException.Check(Libc.Flock(handle, Exclusive), $"lock {folder}");
        return handle;
    }

    // .NET's own way to read a file asks for the lock that its helper holds.
    private static string Text(SafeFileHandle file)
    {
        var bytes = new byte[RandomAccess.GetLength(file)];
        return System.Text.Encoding.UTF8.GetString(bytes, 0, RandomAccess.Read(file, bytes, 0));
    }

    private string RunningFile(GrantId grant, int use) => $"{places.Running}/{NameOf(grant, use)}";

    private static string NameOf(GrantId grant, int use) => $"{grant}.{use}";
}
