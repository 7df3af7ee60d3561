using System.Text.Json;
using Fleet.Ledger;

namespace Fleet.Client.Api;

public sealed record VersionInfo(string Version, string Runtime, string Os);

/// <param name="Status">ready or not_ready.</param>
public sealed record ReadyInfo(string Status, string? Detail);

/// <param name="AgentPid">Of the agent that answers.</param>
/// <param name="Processes">How many are in each phase, by the phase's name.</param>
public sealed record HostInfo(
    string Name, string Version, int AgentPid, string AgentUser, DateTimeOffset AgentSince, string State, string BoshRoot, int Jobs,
    SortedDictionary<string, int> Processes);

public sealed record HostProcessList(string Host, HostProcess[] Processes);

/// <param name="Sandbox">The run's id, which is also the container's name; null unless something of it runs.</param>
/// <param name="Privileges">Beyond the baseline; empty for most.</param>
/// <param name="CpuSeconds">Used since the start; null where nothing runs.</param>
public sealed record HostProcess(
    string Id, string Phase, int Version, string Health, DateTimeOffset Since, int? Pid, string? Sandbox, int Slice, int Restarts, string[] Privileges,
    double? CpuSeconds, long? MemoryBytes, int? Pids, string? Detail);

/// <summary>One event of the record.</summary>
/// <param name="Index">Its place in the host's journal; rises, not dense.</param>
/// <param name="Text">The event in one line, for people.</param>
public sealed record AuditLine(long Index, string Text, Envelope Envelope, JsonElement Event);

public sealed record ShutdownReply(string Status);
