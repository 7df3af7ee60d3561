using System.Text.Json.Serialization;
using Fleet.Grants;
using Fleet.Hosts;
using Fleet.Jobs;
using Fleet.Ledger;
using Fleet.Processes;
using Fleet.RootTasks;
using Fleet.Sandboxes;

namespace Fleet;

/// <summary>
/// The JSON of what is stored or digested: source-generated and strict (unknown, missing and duplicate members are refused). What the root helper knows too
/// is in <see cref="RootJson"/>.
/// </summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    AllowDuplicateProperties = false)]
[JsonSerializable(typeof(Envelope))]
[JsonSerializable(typeof(StoredRow))]
[JsonSerializable(typeof(ProcessState))]
[JsonSerializable(typeof(Job))]
[JsonSerializable(typeof(HostSnapshot))]
[JsonSerializable(typeof(JobSpec))]
[JsonSerializable(typeof(ProcessSpec))]
[JsonSerializable(typeof(JobEvent.Submitted), TypeInfoPropertyName = "JobSubmitted")]
[JsonSerializable(typeof(JobEvent.Reverted), TypeInfoPropertyName = "JobReverted")]
[JsonSerializable(typeof(JobEvent.Stopped), TypeInfoPropertyName = "JobStopped")]
[JsonSerializable(typeof(JobEvent.Started), TypeInfoPropertyName = "JobStarted")]
[JsonSerializable(typeof(JobEvent.Restarted), TypeInfoPropertyName = "JobRestarted")]
[JsonSerializable(typeof(HostEvent.SliceAssigned), TypeInfoPropertyName = "HostSliceAssigned")]
[JsonSerializable(typeof(HostEvent.SliceReturned), TypeInfoPropertyName = "HostSliceReturned")]
[JsonSerializable(typeof(HostEvent.DesiredAccepted), TypeInfoPropertyName = "HostDesiredAccepted")]
[JsonSerializable(typeof(HostEvent.ProcessAssigned), TypeInfoPropertyName = "HostProcessAssigned")]
[JsonSerializable(typeof(HostEvent.ProcessUnassigned), TypeInfoPropertyName = "HostProcessUnassigned")]
[JsonSerializable(typeof(HostEvent.ProcessRemoved), TypeInfoPropertyName = "HostProcessRemoved")]
[JsonSerializable(typeof(HostEvent.ContentsRemoved), TypeInfoPropertyName = "HostContentsRemoved")]
[JsonSerializable(typeof(HostEvent.GrantGiven), TypeInfoPropertyName = "HostGrantGiven")]
[JsonSerializable(typeof(HostEvent.GrantTaken), TypeInfoPropertyName = "HostGrantTaken")]
[JsonSerializable(typeof(HostEvent.AgentStarted), TypeInfoPropertyName = "HostAgentStarted")]
[JsonSerializable(typeof(HostEvent.AgentStopped), TypeInfoPropertyName = "HostAgentStopped")]
[JsonSerializable(typeof(ProcessEvent.Starting), TypeInfoPropertyName = "ProcessStarting")]
[JsonSerializable(typeof(ProcessEvent.Started), TypeInfoPropertyName = "ProcessStarted")]
[JsonSerializable(typeof(ProcessEvent.StartFailed), TypeInfoPropertyName = "ProcessStartFailed")]
[JsonSerializable(typeof(ProcessEvent.Exited), TypeInfoPropertyName = "ProcessExited")]
[JsonSerializable(typeof(ProcessEvent.Lost), TypeInfoPropertyName = "ProcessLost")]
[JsonSerializable(typeof(ProcessEvent.HealthChanged), TypeInfoPropertyName = "ProcessHealthChanged")]
[JsonSerializable(typeof(ProcessEvent.KernelDiffers), TypeInfoPropertyName = "ProcessKernelDiffers")]
[JsonSerializable(typeof(ProcessEvent.NotPermitted), TypeInfoPropertyName = "ProcessNotPermitted")]
[JsonSerializable(typeof(ProcessEvent.Hindered), TypeInfoPropertyName = "ProcessHindered")]
[JsonSerializable(typeof(ProcessEvent.Stopping), TypeInfoPropertyName = "ProcessStopping")]
[JsonSerializable(typeof(ProcessEvent.StopEscalated), TypeInfoPropertyName = "ProcessStopEscalated")]
[JsonSerializable(typeof(ProcessEvent.Stopped), TypeInfoPropertyName = "ProcessStopped")]
[JsonSerializable(typeof(ProcessEvent.RestartScheduled), TypeInfoPropertyName = "ProcessRestartScheduled")]
[JsonSerializable(typeof(ProcessEvent.Ended), TypeInfoPropertyName = "ProcessEnded")]
[JsonSerializable(typeof(GrantEvent.Requested), TypeInfoPropertyName = "GrantRequested")]
[JsonSerializable(typeof(GrantEvent.Approved), TypeInfoPropertyName = "GrantApproved")]
[JsonSerializable(typeof(GrantEvent.Activated), TypeInfoPropertyName = "GrantActivated")]
[JsonSerializable(typeof(GrantEvent.Denied), TypeInfoPropertyName = "GrantDenied")]
[JsonSerializable(typeof(GrantEvent.Revoked), TypeInfoPropertyName = "GrantRevoked")]
[JsonSerializable(typeof(GrantEvent.Lapsed), TypeInfoPropertyName = "GrantLapsed")]
[JsonSerializable(typeof(GrantEvent.Expired), TypeInfoPropertyName = "GrantExpired")]
[JsonSerializable(typeof(GrantEvent.Used), TypeInfoPropertyName = "GrantUsed")]
[JsonSerializable(typeof(GrantEvent.ApprovalRefused), TypeInfoPropertyName = "GrantApprovalRefused")]
[JsonSerializable(typeof(GrantEvent.Reviewed), TypeInfoPropertyName = "GrantReviewed")]
[JsonSerializable(typeof(GrantEvent.UseBegun), TypeInfoPropertyName = "GrantUseBegun")]
[JsonSerializable(typeof(GrantEvent.UseEnded), TypeInfoPropertyName = "GrantUseEnded")]
[JsonSerializable(typeof(GrantEvent.UseRefused), TypeInfoPropertyName = "GrantUseRefused")]
[JsonSerializable(typeof(GrantEvent.UseLost), TypeInfoPropertyName = "GrantUseLost")]
[JsonSerializable(typeof(RootTaskEvent.Logged), TypeInfoPropertyName = "RootTaskLogged")]
[JsonSerializable(typeof(RootTaskEvent.LogBroken), TypeInfoPropertyName = "RootTaskLogBroken")]
[JsonSerializable(typeof(RootLogCopy))]
public sealed partial class FleetJson : JsonSerializerContext;
