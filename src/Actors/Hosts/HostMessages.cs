using System.Collections.Immutable;
using Fleet.Hosts;
using Fleet.Processes;

namespace Fleet.Actors.Hosts;

/// <summary>Asked of the Host actor; answered with an ImmutableArray of <see cref="HostedProcess"/>, in the order of their ids.</summary>
public sealed record ListProcesses
{
    public static readonly ListProcesses Instance = new();
}

/// <summary>What the host was told of a process, and what became of it.</summary>
public sealed record HostedProcess(Assignment Assignment, ProcessStatus Status);

/// <summary>Answered with <see cref="Ready"/> once every process has been looked at after the agent's start.</summary>
public sealed record WhenReady
{
    public static readonly WhenReady Instance = new();
}

/// <summary>The agent is about to end: recorded, then answered with <see cref="Ready"/>. The jobs go on.</summary>
public sealed record StopAgent(string Why);

/// <summary>Stored contents that no job names are about to be removed: recorded, then answered with <see cref="Ready"/>.</summary>
public sealed record RemoveContents(ImmutableArray<Digest> Contents);

public sealed record Ready
{
    public static readonly Ready Instance = new();
}

/// <summary>This run of the agent.</summary>
/// <param name="Story">The correlation id of what it does unasked.</param>
public sealed record AgentRun(string Version, int Pid, Guid BootId, Guid Story);
