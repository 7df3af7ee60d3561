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
