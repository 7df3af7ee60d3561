namespace Fleet.RootHelper;

/// <summary>Who may be reading standard error.</summary>
internal static class Operator
{
    /// <summary>Where nobody can read it (a terminal that is gone, a full disk) nothing else ends for that.</summary>
    public static void Tell(string message)
    {
        try
        {
            Console.Error.WriteLine($"fleet-root-helper: {message}");
        }
        catch (IOException)
        {
            // There is no other place to say it at.
        }
    }
}
