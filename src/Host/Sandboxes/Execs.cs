using System.Collections.Immutable;
using System.Text.Json;
using Fleet.Actors.Sandboxes;
using Fleet.Host.Linux;
using Fleet.Hosts;
using Fleet.Sandboxes;

namespace Fleet.Host.Sandboxes;

/// <summary>
/// Runs a command in a running sandbox: same user, environment, filter and namespaces, and a cgroup below the sandbox's own, so that its limits hold for the
/// command too and whatever the command leaves behind ends with it.
/// </summary>
internal sealed class Execs(HostPaths paths, Cgroups cgroups, Launcher launcher)
{
    private const int TailLength = 500;

    private int last;

    public async Task<ExecResult> Run(SandboxIdentity identity, ImmutableArray<string> command, TimeSpan timeout)
    {
        if (!Runs.IsAlive(identity) || new Bundle(paths, identity.Run).Config() is not { } config)
        {
            return new ExecResult(null, "the sandbox does not run");
        }

        var leaf = $"{identity.Run}/exec-{Environment.ProcessId}-{Interlocked.Increment(ref last)}";
        var spec = $"{paths.Bundle(identity.Run)}/{Path.GetFileName(leaf)}.json";
        try
        {
            cgroups.Make(leaf);
            WriteSpec(spec, config.Process with { Args = command });
            var result = await Command(identity.Run, leaf, spec, timeout).Run();
            return new ExecResult(result.ExitCode == CommandResult.TimedOut ? null : result.ExitCode, Tail(result.Output + result.Error));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or System.ComponentModel.Win32Exception)
        {
            return new ExecResult(null, e.Message);
        }
        finally
        {
            await cgroups.Remove(leaf);
            TryDelete(spec);
        }
    }

    private Command Command(RunId run, string leaf, string spec, TimeSpan timeout) =>
        new("/bin/sh", ["-c", Scripts.Exec, "sh", .. launcher.Runtime, "--root", paths.Runtime, "exec", "--process", spec, run.Text])
        {
            Timeout = timeout,

            // The runtime stays, to reap the command: else its zombie, which the host's PID 1 reaps when it likes, would hold up the sandbox's own end.
            BeforeKill = runtime => Array.ForEach([.. cgroups.Folders(leaf)], folder => cgroups.Kill(folder, except: runtime)),
            Env = new Dictionary<string, string>(launcher.RuntimeEnv) { ["FLEET_LEAVES"] = string.Join(' ', cgroups.Folders(leaf)) },
        };

    private static void WriteSpec(string path, OciProcess process)
    {
        using var file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        JsonSerializer.Serialize(file, process, OciJson.Default.OciProcess);
    }

    // The sandbox may have ended, and its bundle with the file be gone, while the command ran.
    private static void TryDelete(string file)
    {
        try
        {
            File.Delete(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It goes with the bundle.
        }
    }

    private static string Tail(string text) => text.Length <= TailLength ? text : text[^TailLength..];
}
