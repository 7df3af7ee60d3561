namespace Fleet.Host.Agent;

// Stands in for the real one until it is merged.
public static class AgentHost
{
    public static Task<int> Run(string? configFile) => throw new NotSupportedException(configFile);
}
