using System.Collections.Immutable;

namespace Fleet.Client.Jobs;

/// <summary>Every key of a job file, level by level: what the reader takes, and (by a test) what schema/job.schema.json lists.</summary>
public static class JobFileKeys
{
    public static readonly ImmutableArray<string> Job = ["job", "namespace", "processes", "files"];

    /// <summary>Keys of jobs on many hosts: known, so that they are not called misspelt, and refused.</summary>
    public static readonly ImmutableArray<string> NotOnOneHost = ["placement", "rollout", "artifacts"];

    public static readonly ImmutableArray<string> Process =
    [
        "name", "executable", "args", "env", "workdir", "hooks", "capabilities", "limits", "ephemeral_disk", "persistent_disk", "additional_volumes",
        "unsafe", "shutdown_signal", "restart", "health", "stop", "user", "privileges",
    ];

    public static readonly ImmutableArray<string> Secret = ["secret"];

    public static readonly ImmutableArray<string> Hooks = ["pre_start"];

    public static readonly ImmutableArray<string> Limits = ["memory", "open_files", "processes", "core_file_size", "cpu"];

    public static readonly ImmutableArray<string> Volume = ["path", "writable", "allow_executions", "mount_only", "shared"];

    public static readonly ImmutableArray<string> Unsafe = ["privileged", "unrestricted_volumes", "host_pid_namespace"];

    public static readonly ImmutableArray<string> Restart = ["when", "initial", "max", "stable_after", "max_attempts"];

    public static readonly ImmutableArray<string> Health = ["exec", "http", "tcp", "interval", "timeout", "grace", "failures", "restart"];

    public static readonly ImmutableArray<string> Http = ["port", "path"];

    public static readonly ImmutableArray<string> Tcp = ["port"];

    public static readonly ImmutableArray<string> User = ["uid", "gid"];

    public static readonly ImmutableArray<string> File = ["path", "content", "mode"];
}
