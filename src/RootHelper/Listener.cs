using Fleet.RootHelper.Jobs;
using Fleet.RootHelper.Linux;
using Fleet.RootHelper.RootTasks;
using Microsoft.Win32.SafeHandles;

namespace Fleet.RootHelper;

/// <summary>
/// What systemd's socket activation (Accept=yes) does, where there is no systemd: waits at the socket, and starts a helper of its own for each connection.
/// It looks at nothing that is sent.
/// </summary>
/// <param name="group">Which may connect.</param>
/// <param name="agent">The pid of a process without which nobody is to be listened to; null: until it is killed.</param>
internal sealed class Listener(Places places, int group, int? agent)
{
    /// <summary>Helpers at a time; who comes then waits in the socket's queue.</summary>
    private const int MostHelpers = 64;

    private const int MostTries = 30, ExclusiveNow = 2 | 4; // LOCK_EX, LOCK_NB

    private readonly List<Child> helpers = [];

    /// <summary>Returns when the agent has ended: helpers that run go on to their end, but nobody new is heard.</summary>
    /// <exception cref="IOException">The socket cannot be had.</exception>
    public int Run()
    {
        _ = Libc.Umask(0x3F /* 0077 */);
        Libc.KeepDescriptors();
        using var agentEnds = agent is { } pid ? Libc.PidfdOpen(pid) : null;
        Prepare();
        using var alone = Alone();
        Sweep();
        using var socket = Sockets.Listen(places.Socket, group);
        Operator.Tell($"listening at {places.Socket}");
        while (agentEnds is not { IsInvalid: true } && !Step(socket, agentEnds))
        {
        }

        _ = Libc.Unlink(places.Socket);
        return 0;
    }

    /// <summary>Where one was killed, its socket is still there; where another listens meanwhile, it is that one's.</summary>
    public static void TakeSocketAway(Places places)
    {
        using var place = Place(places);
        if (!place.IsInvalid && Libc.Flock(place, ExclusiveNow) == 0)
        {
            _ = Libc.Unlink(places.Socket);
        }
    }

    private static SafeFileHandle Place(Places places) => Libc.Open($"{places.Run}/listener", Libc.ReadWrite | Libc.Create | Libc.NoFollow, 0x180);

    private void Prepare()
    {
        foreach (var (folder, mode) in ((string, uint)[])[(places.Run, 0x1ED), (places.Work, 0x1C0)])
        {
            if (Libc.MakeFolder(folder, mode) < 0 && Libc.Error != Libc.EEXIST)
            {
                throw new LinuxException($"make {folder}");
            }

            using var made = LinuxException.Check(Libc.Open(folder, Libc.ReadOnly | Libc.Folder | Libc.NoFollow), $"open {folder}");
            LinuxException.Check(Libc.ChangeMode(made, mode), $"set the mode of {folder}");
        }

        RootsOwn.Open(places.Run).Dispose();
    }

    // One for each socket: a second would take the first one's place, and its own end would leave none. One whose agent has just ended gets a moment.
    private SafeFileHandle Alone()
    {
        var file = LinuxException.Check(Place(places), $"open {places.Run}/listener");
        for (var tries = 0; Libc.Flock(file, ExclusiveNow) < 0; tries++)
        {
            if (tries == MostTries)
            {
                throw new IOException($"another listens at {places.Socket}");
            }

            Thread.Sleep(100);
        }

        return file;
    }

    /// <summary>Whether the agent has ended.</summary>
    private bool Step(SafeFileHandle socket, SafeFileHandle? agentEnds)
    {
        Span<Waiting> on =
            [Waiting.On(helpers.Count < MostHelpers ? socket : null, Sockets.In), .. helpers.Select(h => Waiting.On(h.Ended, Sockets.In)), Waiting.On(agentEnds, Sockets.In)];
        Sockets.Wait(on, -1);
        for (var i = helpers.Count - 1; i >= 0; i--)
        {
            if (on[i + 1].Ready != 0)
            {
                Bury(i);
            }
        }

        if (on[0].Ready != 0)
        {
            Accept(socket);
        }

        return on[^1].Ready != 0;
    }

    private void Accept(SafeFileHandle socket)
    {
        using var connection = Sockets.Accept(socket);
        if (connection.IsInvalid)
        {
            return;
        }

        try
        {
            helpers.Add(Child.Start(
                [Environment.ProcessPath!, .. places.Prefix.Length == 0 ? [] : (string[])["--prefix", places.Prefix]], ["PATH=/usr/bin:/bin"], "/", connection));
        }
        catch (IOException e)
        {
            // Who asked hears nothing and asks again; root's door stays open for when the machine has room.
            Operator.Tell(e.Message);
            Thread.Sleep(100);
        }
    }

    // One that was killed may have left a task behind.
    private void Bury(int helper)
    {
        using var dead = helpers[helper];
        helpers.RemoveAt(helper);
        if (dead.Wait().Code > 128)
        {
            Sweep();
        }
    }

    private void Sweep()
    {
        try
        {
            var (policy, state, log) = (HostPolicy.Read(places), new RootState(places), new RootLog(places));
            state.Prepare(policy.Policy.Host);
            log.Begin(policy.Digest, state.PublicKey);
            state.Sweep(log, DateTimeOffset.UtcNow);
            var jobs = new JobRuns(places);
            jobs.Prepare();
            jobs.Sweep(log, state.IsRevoked, DateTimeOffset.UtcNow);
        }
        catch (Exception e) when (e is Denied or IOException)
        {
            Operator.Tell(e.Message);
        }
    }
}
