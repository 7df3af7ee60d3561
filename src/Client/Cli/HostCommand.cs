namespace Fleet.Client.Cli;

/// <summary>What is done on the very host where it is typed, with or without an agent: by the host's own program, and by no agent's API.</summary>
internal abstract record HostCommand
{
    private HostCommand()
    {
    }

    /// <param name="Folder">Absolute path.</param>
    /// <param name="RootPrefix">Before the paths of root's files about grants; empty: those of an installed host.</param>
    internal sealed record Up(string Folder, string RootPrefix) : HostCommand;

    /// <summary>As of <see cref="Up"/>.</summary>
    internal sealed record Down(string Folder, string RootPrefix) : HostCommand;

    internal sealed record Agent(string Config) : HostCommand;

    /// <param name="Config">Null: the defaults.</param>
    /// <param name="User">Null: whoever owns the agent's folder.</param>
    internal sealed record Doctor(string? Config, string? User) : HostCommand;

    /// <param name="Bosh">Null: <c>vcap</c> below the state.</param>
    internal sealed record Init(string User, string State, string? Bosh, string Cgroup, string RootPrefix) : HostCommand
    {
        public const string DefaultUser = "fleet", DefaultState = "/var/lib/fleet", DefaultCgroup = "fleet";
    }
}

/// <summary>Who does such a command.</summary>
internal delegate Task<int> HostCommandRunner(Session session, HostCommand command);
