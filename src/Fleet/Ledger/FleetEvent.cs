namespace Fleet.Ledger;

/// <summary>Everything that is ever recorded. Each child is a closed hierarchy of one noun (JobEvent, HostEvent, ProcessEvent, AgentEvent).</summary>
public abstract record FleetEvent;
