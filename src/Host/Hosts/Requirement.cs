namespace Fleet.Host.Hosts;

/// <summary>
/// One thing that a host must have before an agent can run on it. <c>host init</c> establishes it, <c>doctor</c> and <c>up</c> only check it:
/// one list for all three, so that they cannot disagree.
/// </summary>
internal abstract class Requirement(string name)
{
    /// <summary>In a few words, such as "cgroup memory".</summary>
    public string Name => name;

    /// <summary>Changes nothing; works as any user.</summary>
    public abstract Finding Check();

    /// <summary>Called as root where the check failed. Answers what was done, in the past tense.</summary>
    /// <exception cref="HostInitException">It could not be done.</exception>
    public abstract Task<string> Establish();
}

internal abstract record Finding
{
    private Finding()
    {
    }

    public sealed record Ok(string Detail) : Finding;

    public sealed record Missing(string Detail, string Remedy) : Finding;
}

/// <summary>A step that failed, for people.</summary>
/// <param name="remedy">What to do, best a command.</param>
public sealed class HostInitException(string message, string remedy) : Exception(message)
{
    public string Remedy => remedy;
}
