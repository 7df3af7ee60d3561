using System.Collections.Immutable;
using Fleet.Client.Linux;
using Fleet.Sandboxes;
using Microsoft.Extensions.Logging;

namespace Fleet.Host.Sandboxes;

/// <summary>What differs between the OCI runtimes that Fleet can drive; nothing else asks which one it is.</summary>
internal abstract class OciRuntime(SandboxSettings settings)
{
    /// <summary>The rule for a runtime's path, for people.</summary>
    public const string Rule = "the path of crun or runc: absolute, and of a file whose name begins so";

    private static readonly string[] Names = ["crun", "runc"];

    /// <exception cref="ArgumentException">It is none that Fleet knows.</exception>
    public static OciRuntime Of(SandboxSettings settings, Cgroups cgroups) => NameOf(settings.Runtime) switch
    {
        "crun" => new Crun(settings, cgroups),
        "runc" => new Runc(settings, cgroups),
        _ => throw new ArgumentException($"the runtime is '{settings.Runtime}'; it must be {Rule}", nameof(settings)),
    };

    /// <summary>Which runtime a path leads to, which is its Debian package too; null if it is none that Fleet knows.</summary>
    public static string? NameOf(string path) =>
        path.StartsWith('/') ? Names.FirstOrDefault(name => Path.GetFileName(path).StartsWith(name, StringComparison.Ordinal)) : null;

    /// <summary>The program and the options that it always gets.</summary>
    public abstract ImmutableArray<string> Call { get; }

    /// <summary>How it is given the system-call filter.</summary>
    public abstract SeccompChoice Seccomp(ILogger log);

    /// <summary>
    /// Lets the program of a created sandbox run. Its exec.fifo, which <see cref="Runs"/> looks for, is gone before the program begins: killed in between,
    /// a start has begun nothing, and a program never runs twice.
    /// </summary>
    public abstract Command Start(RunId run);

    /// <summary>What <see cref="Exec"/> needs to be told to execute, for a command that is to run inside.</summary>
    public virtual ImmutableArray<string> Inside(ImmutableArray<string> command) => command;

    /// <summary>Runs a command in a sandbox. The command itself never does anything outside its leaf.</summary>
    /// <exception cref="IOException">It could not be put there; nothing of it ran.</exception>
    public abstract Task<CommandResult> Exec(ExecCall call);

    protected SandboxSettings Settings { get; } = settings;

    protected Dictionary<string, string> Env => new() { ["XDG_RUNTIME_DIR"] = Settings.Paths.Runtime };

    protected string[] InState(params string[] args) => [.. Call, "--root", Settings.Paths.Runtime, .. args];
}

/// <summary>A command to be run in a sandbox.</summary>
/// <param name="Leaf">Its cgroup, made.</param>
/// <param name="Spec">The file of what to execute, for the runtime; of this call alone.</param>
internal sealed record ExecCall(SandboxIdentity Identity, OciConfig Config, string Leaf, string Spec, TimeSpan Timeout)
{
    /// <summary>Where the runtime may write the command's pid.</summary>
    public string PidFile => $"{Spec}.pid";
}
