namespace Fleet.Sandboxes;

/// <summary>
/// What tells our sandbox's first process from any other that later has its pid: nothing is signalled unless all four match.
/// </summary>
/// <param name="BootId">/proc/sys/kernel/random/boot_id.</param>
/// <param name="Pid">Of PID 1 of the sandbox (tini), as the host sees it.</param>
/// <param name="StartTicks">Field 22 of /proc/PID/stat (proc(5)): clock ticks after boot.</param>
public sealed record SandboxIdentity(RunId Run, Guid BootId, int Pid, ulong StartTicks);
