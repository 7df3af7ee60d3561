namespace Fleet.Host.Agent;

/// <summary>The agent's private folders below its state folder, which `fleet host init` (or `fleet up`) has made.</summary>
public static class AgentFolders
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <exception cref="IOException">The state folder is not there, or cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It is not the agent's.</exception>
    public static void Make(AgentSettings settings)
    {
        var paths = settings.Paths;
        if (!Directory.Exists(paths.State))
        {
            throw new IOException($"the state folder {paths.State} is not there: run 'fleet host init' once as root, or set fleet.state");
        }

        foreach (var folder in new[] { paths.Ledger, paths.Contents, Path.GetDirectoryName(paths.AgentLog)! })
        {
            Directory.CreateDirectory(folder, Private);
        }
    }
}
