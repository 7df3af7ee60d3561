using System.Collections.Immutable;
using System.Text.Json;
using Fleet.Actors.Sandboxes;
using Fleet.Client.Linux;
using Fleet.Sandboxes;

namespace Fleet.Host.Sandboxes;

/// <summary>
/// Runs a command in a running sandbox: same user, environment, filter and namespaces, and a cgroup below the sandbox's own, so that its limits hold for the
/// command too and whatever the command leaves behind ends with it.
/// </summary>
internal sealed class Execs(SandboxSettings settings, Cgroups cgroups)
{
    private const int TailLength = 500;

    private int last;

    public async Task<ExecResult> Run(SandboxIdentity identity, ImmutableArray<string> command, TimeSpan timeout)
    {
        var bundle = new Bundle(settings.Paths, identity.Run);
        if (!Runs.IsAlive(identity) || bundle.Config() is not { } config || bundle.Runtime is not { } path)
        {
            return new ExecResult(null, "the sandbox does not run");
        }

        var leaf = $"{identity.Run}/exec-{Environment.ProcessId}-{Interlocked.Increment(ref last)}";
        var runtime = OciRuntime.Of(settings with { Runtime = path }, cgroups);
        var call = new ExecCall(identity, config, leaf, $"{bundle.Folder}/{Path.GetFileName(leaf)}.json", timeout);
        try
        {
            cgroups.Make(leaf);
            WriteSpec(call.Spec, config.Process with { Args = runtime.Inside(command) });
            var result = await runtime.Exec(call);
            return new ExecResult(result.ExitCode == CommandResult.TimedOut ? null : result.ExitCode, Tail(result.Output + result.Error));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or System.ComponentModel.Win32Exception)
        {
            return new ExecResult(null, e.Message);
        }
        finally
        {
            await cgroups.Remove(leaf);
            TryDelete(call.Spec);
            TryDelete(call.PidFile);
        }
    }

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
