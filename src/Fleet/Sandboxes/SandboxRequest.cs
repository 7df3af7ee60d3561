using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Fleet.Grants;
using Fleet.Jobs;
using Fleet.Processes;

namespace Fleet.Sandboxes;

/// <summary>Everything that a sandbox's start depends on.</summary>
/// <param name="Slice">The job's slice of sub-ids: slice n is the n-th run of 65,536 ids of the agent's range; from 0.</param>
/// <param name="Files">Of the job, to be in place before the start.</param>
/// <param name="Grant">By which it may have more than the baseline; null: it asks for no more.</param>
public sealed record SandboxRequest(
    RunId Run, ProcessId Process, ProcessSpec Spec, SandboxPhase Phase, int Slice, ImmutableArray<JobFile> Files, JobGrant? Grant = null);

/// <summary>What runs in the sandbox: the pre_start hook and then, in a sandbox of its own, the executable.</summary>
[JsonConverter(typeof(SnakeCaseEnum<SandboxPhase>))]
public enum SandboxPhase
{
    PreStart,
    Main,
}

public abstract record StartOutcome
{
    private StartOutcome()
    {
    }

    /// <summary>The program itself runs (tini has executed it), and what the kernel gave was checked against what was asked.</summary>
    public sealed record Started(SandboxIdentity Identity) : StartOutcome;

    /// <summary>Nothing of it runs any more.</summary>
    public sealed record Failed(StartFailure Failure) : StartOutcome;
}

/// <param name="Message">For people: what, where, and the way out.</param>
public sealed record StartFailure(StartFailureCode Code, string Message);

[JsonConverter(typeof(SnakeCaseEnum<StartFailureCode>))]
public enum StartFailureCode
{
    /// <summary>The runtime, conmon or tini is not there or cannot be run.</summary>
    RuntimeMissing,

    /// <summary>The runtime refused or died.</summary>
    RuntimeFailed,
    ExecutableMissing,
    ExecutableNotExecutable,

    /// <summary>A folder, volume, file or persistent disk is missing, or a link stands where none may.</summary>
    FilesRefused,

    /// <summary>A limit is asked that this host cannot enforce, such as one above the hard limit.</summary>
    LimitUnenforceable,

    /// <summary>The kernel gave something else than was asked; the process was killed.</summary>
    VerificationFailed,
    DiskFull,

    /// <summary>More than the baseline is asked and no grant covers it.</summary>
    PrivilegeRefused,

    /// <summary>The host lacks what `fleet host init` gives, such as delegated cgroups; tried again.</summary>
    HostNotPrepared,

    /// <summary>A newer wish came before anything ran.</summary>
    Superseded,

    /// <summary>The sub-ids do not suffice for one more job, or /etc/subuid names none.</summary>
    NoSubIds,
}

/// <summary>How a sandbox's main program ended.</summary>
/// <param name="Code">0 to 255.</param>
/// <param name="OomKilled">It was killed (137), and the kernel's out-of-memory killer was at work in this sandbox (the cgroup's oom_kill counter).</param>
/// <param name="At">When conmon wrote it down.</param>
public sealed record SandboxExit(int Code, bool OomKilled, DateTimeOffset At)
{
    /// <summary>A shell's convention, kept by conmon: 128 plus the signal's number.</summary>
    [JsonIgnore]
    public int? Signal => Code is > 128 and <= 192 ? Code - 128 : null;
}

/// <summary>What the host finds of a run.</summary>
public abstract record SandboxView
{
    private SandboxView()
    {
    }

    /// <param name="Difference">What the kernel says of it that is not as declared, for people; null: nothing.</param>
    public sealed record Running(SandboxIdentity Identity, string? Difference = null) : SandboxView;

    public sealed record Exited(SandboxExit Exit) : SandboxView;

    /// <summary>No process and no exit file: it never started, or the host was booted since.</summary>
    public sealed record Absent : SandboxView;
}
