namespace Fleet.Sandboxes;

/// <summary>
/// How a job's slice lies in the agent's ids. Three views of one id: as the host sees it, as the agent's own user namespace sees it
/// (0 is the agent, its sub-ids follow from 1 on), and as the sandbox sees it (from 0).
/// </summary>
public static class IdSlices
{
    /// <summary>Ids in a slice.</summary>
    public const int Size = 65536;

    /// <summary>
    /// A group id inside every sandbox of a job, given to all its processes: whatever user they run as, they can read the job's folder,
    /// which is closed to everybody else on the host.
    /// </summary>
    public const int JobGroup = 65533;

    /// <summary>The first id of slice <paramref name="slice"/> as the agent's user namespace sees it.</summary>
    public static long InAgent(int slice) => 1 + ((long)slice * Size);

    /// <param name="first">The agent's first sub-id.</param>
    public static long OnHost(long first, int slice) => first + ((long)slice * Size);

    /// <summary>How many whole slices fit. One id is lost to the agent itself, which takes the place of the last.</summary>
    public static int Capacity(long subIds) => (int)Math.Max(0, (subIds - 1) / Size);
}
