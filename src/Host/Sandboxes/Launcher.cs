using System.Globalization;
using System.Text.Json;
using Fleet.Client.Linux;
using Fleet.Host.Linux;
using Fleet.Sandboxes;

namespace Fleet.Host.Sandboxes;

/// <summary>Calls conmon and the runtime: create (all is set up, and waits), then start (the program runs).</summary>
internal sealed class Launcher(SandboxSettings settings, OciRuntime runtime, Cgroups cgroups)
{
    private readonly string join = JoinOf(settings);
    private readonly string cover = $"{settings.Paths.State}/libexec/cover";

    /// <summary>conmon's "runtime", <see cref="Scripts.Join"/>.</summary>
    public static string JoinOf(SandboxSettings settings) => $"{settings.Paths.State}/libexec/join";

    /// <summary>Writes the scripts that conmon calls.</summary>
    public void Install()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(join)!);
        foreach (var (path, text) in ((string, string)[])[(join, Scripts.Join), (cover, Scripts.Cover)])
        {
            if (Proc.Read(path) == text)
            {
                continue;
            }

            File.WriteAllText(path + ".part", text);
            File.SetUnixFileMode(path + ".part", (UnixFileMode)0x1ED);
            File.Move(path + ".part", path, overwrite: true);
        }
    }

    /// <summary>Creates the container; its PID 1 exists and waits.</summary>
    /// <param name="env">For the scripts, beside what they always need.</param>
    /// <returns>That pid, as the host sees it.</returns>
    /// <exception cref="StartRefused">conmon or the runtime said no, or nothing within the time.</exception>
    public async Task<int> Create(RunId run, Bundle bundle, LogFiles logs, IReadOnlyDictionary<string, string> env, CancellationToken cancel)
    {
        using var conmon = new Command("/bin/sh", ["-c", Scripts.Launch, "sh", logs.OutputPath, logs.ErrorPath, .. Conmon(run, bundle)])
        {
            Env = new Dictionary<string, string>(env)
            {
                ["_OCI_SYNCPIPE"] = "3",
                ["FLEET_COVER"] = cover,
                ["FLEET_RUNTIME"] = string.Join(' ', runtime.Call),
                ["FLEET_LEAVES"] = string.Join(' ', cgroups.Folders(run.Text)),
                ["XDG_RUNTIME_DIR"] = settings.Paths.Runtime,
            },
        }.Begin();

        // One line: the other end stays open for the container's whole life.
        using var answer = conmon.StandardOutput;
        var line = await answer.ReadLineAsync(cancel);
        return Pid(line) ?? throw new StartRefused(StartFailureCode.RuntimeFailed, $"{settings.Runtime} could not create the sandbox: {Why(line, bundle, logs)}");
    }

    public async Task Start(RunId run, Bundle bundle, CancellationToken cancel)
    {
        var result = await (runtime.Start(run) with { Timeout = settings.StartTimeout }).Run(cancel);
        if (!result.Succeeded)
        {
            throw new StartRefused(StartFailureCode.RuntimeFailed, $"{settings.Runtime} could not start the sandbox: {result.Error.Trim()} {bundle.RuntimeErrors}".Trim());
        }
    }

    private string[] Conmon(RunId run, Bundle bundle) =>
    [
        settings.Conmon, "-c", run.Text, "-u", run.Text, "-n", run.Text, "-r", join,
        "--runtime-arg", $"--root={settings.Paths.Runtime}", "--runtime-arg", $"--log={bundle.RuntimeLog}",
        "-b", bundle.Folder, "-p", bundle.PidFile, "--exit-dir", settings.Paths.Exits, "--persist-dir", bundle.Folder,
        "-l", "passthrough", "--full-attach", "--no-new-keyring", "--log-level", "error",
    ];

    // {"pid": N} or {"data": N}; of a failure a number that is not positive, and perhaps a message.
    private static int? Pid(string? line)
    {
        if (line is null)
        {
            return null;
        }

        using var answer = JsonDocument.Parse(line);
        var number = answer.RootElement.TryGetProperty("pid", out var pid) || answer.RootElement.TryGetProperty("data", out pid) ? pid.GetInt32() : 0;
        return number > 0 ? number : null;
    }

    private static string Why(string? line, Bundle bundle, LogFiles logs) =>
        string.Join("; ", ((string[])[bundle.RuntimeErrors, logs.NewErrors().Trim(), line ?? ""]).Where(t => t.Length > 0)).ToString(CultureInfo.InvariantCulture);
}
