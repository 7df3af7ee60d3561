using Fleet.RootHelper.Linux;
using Microsoft.Win32.SafeHandles;

namespace Fleet.RootHelper;

/// <summary>Who may be reading standard error.</summary>
internal static class Operator
{
    /// <summary>Where nobody can read it (a terminal that is gone, a full disk, a closed descriptor) nothing else ends for that.</summary>
    public static void Tell(string message)
    {
        // A pipe that nobody empties would hold whoever writes: what goes on matters more than that it is said.
        using var error = new SafeFileHandle(2, ownsHandle: false);
        Span<Waiting> on = [Waiting.On(error, Sockets.Out)];
        Sockets.Wait(on, 0);
        if (on[0].Ready == 0)
        {
            return;
        }

        try
        {
            Console.Error.WriteLine($"fleet-root-helper: {message}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // There is no other place to say it at.
        }
    }
}
