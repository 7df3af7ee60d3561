using System.Globalization;
using Fleet.Processes;
using Fleet.RootHelper.Linux;
using Microsoft.Win32.SafeHandles;

namespace Fleet.RootHelper;

/// <summary>
/// What systemd is to its socket, where there is no systemd: starts the listener, and starts it again where it ended before its agent. The agent may not, and
/// without a listener nothing of root's is started, revoked or stopped.
/// <code>
///   killed          what follows
///   the listener    it is started again; who asked meanwhile asks again, and what runs goes on
///   this            the listener goes on, and ends with the agent by itself: to end what serves because its keeper is gone would shut root's door for good
///   both            nobody listens until `fleet up` begins anew
///   the agent       both end, and the socket goes
/// </code>
/// </summary>
/// <param name="group">Which may connect.</param>
/// <param name="agent">The pid of a process without which nobody is to be listened to.</param>
internal sealed class Keeper(Places places, int group, int agent)
{
    private const int Never = -1;

    /// <summary>For a listener to end with its agent by itself: it may be ending what was left behind.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private static readonly RestartPolicy Again = new() { Initial = TimeSpan.FromMilliseconds(100), Max = TimeSpan.FromSeconds(10), StableAfter = TimeSpan.FromMinutes(1) };

    /// <summary>Returns when the agent has ended, and the listener with it.</summary>
    public int Run()
    {
        Libc.KeepDescriptors();
        using var agentEnds = Libc.PidfdOpen(agent); // Held from here on: whoever gets the number after the agent is not taken for it.
        for (var attempt = 1; !Ended(agentEnds, TimeSpan.Zero); attempt++)
        {
            var began = Environment.TickCount64;
            Serve(agentEnds);
            attempt = Environment.TickCount64 - began < Again.StableAfter.TotalMilliseconds ? attempt : 1;
            Ended(agentEnds, Again.Delay(attempt, chance: 0));
        }

        Listener.TakeSocketAway(places);
        return 0;
    }

    // To the end of the listener, or of the agent and then the listener's.
    private void Serve(SafeFileHandle agentEnds)
    {
        try
        {
            using var stderr = new SafeFileHandle(2, ownsHandle: false);
            using var listener = Child.Start(Command(), ["PATH=/usr/bin:/bin"], "/", null, null, stderr);
            Sockets.Wait([Waiting.On(listener.Ended, Sockets.In), Waiting.On(agentEnds, Sockets.In)], Never);
            if (Ended(agentEnds, TimeSpan.Zero) && !Ended(listener.Ended, Patience))
            {
                Libc.Signal(listener.Ended, Libc.Sigkill);
            }

            var end = listener.Wait();
            if (!Ended(agentEnds, TimeSpan.Zero))
            {
                Operator.Tell($"the listener has ended with {end.Code} and is started again");
            }
        }
        catch (IOException e)
        {
            Operator.Tell($"the listener is not started: {e.Message}");
        }
    }

    private string[] Command() =>
    [
        Environment.ProcessPath!, "--listen", "--group", Number(group), .. places.Prefix.Length == 0 ? [] : (string[])["--prefix", places.Prefix], "--while", Number(agent),
    ];

    private static bool Ended(SafeFileHandle process, TimeSpan within)
    {
        if (process.IsInvalid)
        {
            return true;
        }

        Span<Waiting> on = [Waiting.On(process, Sockets.In)];
        Sockets.Wait(on, (int)within.TotalMilliseconds);
        return on[0].Ready != 0;
    }

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
