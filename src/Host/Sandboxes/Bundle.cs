using System.Globalization;
using System.Text.Json;
using Fleet.Host.Linux;
using Fleet.Hosts;
using Fleet.Sandboxes;

namespace Fleet.Host.Sandboxes;

/// <summary>
/// A run's bundle folder: config.json (secrets in its env: 0600), rootfs with nothing but mount points, conmon's files, and the identity, which is
/// written just before the program may run and so tells a start that was made from one that was half made. Nothing is synced to the disk: after a
/// power cut none of it is of use.
/// </summary>
internal sealed class Bundle(HostPaths paths, RunId run)
{
    private const UnixFileMode Passable = (UnixFileMode)0x1C9, Shown = (UnixFileMode)0x1ED, Private = (UnixFileMode)0x180;

    public string Folder { get; } = paths.Bundle(run);

    public string RuntimeLog => $"{Folder}/runtime.log";

    public string PidFile => $"{Folder}/pid";

    private string ConfigFile => $"{Folder}/config.json";

    private string IdentityFile => $"{Folder}/identity";

    private string DeclaredFile => $"{Folder}/declared";

    private string RuntimeFile => $"{Folder}/runtime";

    /// <summary>The path of the runtime that made it, which alone knows it; the agent may since have been given another.</summary>
    public string? Runtime => Proc.Read(RuntimeFile);

    /// <summary>What a run of the root helper's was to have; null: it is of the agent's own, or runs on the host itself.</summary>
    public KernelView? Declared => Proc.Read(DeclaredFile) is { Length: > 0 } text ? JsonSerializer.Deserialize(text, RootJson.Default.KernelView) : null;

    /// <summary>Whether the root helper has it.</summary>
    public bool IsRoots => File.Exists(DeclaredFile);

    public bool Exists => Directory.Exists(Folder);

    /// <summary>Of a run that had everything but its program's go; null for one half made.</summary>
    public SandboxIdentity? Identity =>
        File.Exists(IdentityFile) && File.ReadAllText(IdentityFile).Split(' ') is [var boot, var pid, var ticks]
            ? new SandboxIdentity(run, Guid.Parse(boot), int.Parse(pid, CultureInfo.InvariantCulture), ulong.Parse(ticks, CultureInfo.InvariantCulture))
            : null;

    /// <param name="config">What runs in it.</param>
    /// <param name="runtime">The path of what will run it.</param>
    public void Write(OciConfig config, string runtime)
    {
        Directory.CreateDirectory(Folder, Passable);
        File.WriteAllText(RuntimeFile, runtime);
        Directory.CreateDirectory($"{Folder}/rootfs", Shown);
        foreach (var mount in config.Mounts)
        {
            MakeMountPoint(mount);
        }

        using var file = new FileStream(ConfigFile, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = Private });
        JsonSerializer.Serialize(file, config, OciJson.Default.OciConfig);
    }

    /// <summary>Of a run that the root helper is to make: only what the agent has to know of it.</summary>
    public void WriteForRoot(KernelView? declared)
    {
        Directory.CreateDirectory(Folder, Passable);
        File.WriteAllText(DeclaredFile, declared is null ? "" : JsonSerializer.Serialize(declared, RootJson.Default.KernelView));
    }

    public OciConfig? Config()
    {
        if (!File.Exists(ConfigFile))
        {
            return null;
        }

        using var file = File.OpenRead(ConfigFile);
        return JsonSerializer.Deserialize(file, OciJson.Default.OciConfig);
    }

    public void Remember(SandboxIdentity identity)
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"{identity.BootId} {identity.Pid} {identity.StartTicks}");
        File.WriteAllText(IdentityFile + ".part", text);
        File.Move(IdentityFile + ".part", IdentityFile, overwrite: true);
    }

    /// <summary>The last lines that the runtime wrote to its log: why it refused.</summary>
    public string RuntimeErrors => File.Exists(RuntimeLog) ? string.Join("; ", File.ReadAllLines(RuntimeLog).TakeLast(3)) : "";

    public void Delete()
    {
        if (Exists)
        {
            Directory.Delete(Folder, recursive: true);
        }
    }

    // The runtime could make them, but the job's user could then too; these are the agent's, and so read-only inside.
    private void MakeMountPoint(OciMount mount)
    {
        var point = $"{Folder}/rootfs{mount.Destination}";
        if (mount.Type == "bind" && File.Exists(mount.Source))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(point)!, Shown);
            File.WriteAllBytes(point, []);
        }
        else
        {
            Directory.CreateDirectory(point, Shown);
        }
    }
}
