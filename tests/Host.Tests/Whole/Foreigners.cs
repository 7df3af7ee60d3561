using System.Diagnostics;
using Fleet.Host.Linux;

namespace Fleet.Host.Tests.Whole;

/// <summary>What runs as the agent's own user and is none of its business: a process, and a container that the same runtime made in another folder.</summary>
public sealed class Foreigners : IDisposable
{
    private const string Config = """
        {"ociVersion":"1.0.0",
         "process":{"cwd":"/","args":["/usr/bin/sleep","3600"],"user":{"uid":0,"gid":0},"env":["PATH=/usr/bin"]},"root":{"path":"rootfs"},
         "mounts":[{"destination":"/proc","type":"proc","source":"proc"},{"destination":"/dev","type":"tmpfs","source":"tmpfs"},
          {"destination":"/usr","type":"none","source":"/usr","options":["rbind"]},{"destination":"/lib","type":"none","source":"/lib","options":["rbind"]},
          {"destination":"/lib64","type":"none","source":"/lib64","options":["rbind"]}],
         "linux":{"namespaces":[{"type":"pid"},{"type":"mount"}]}}
        """;

    // The empty file system is for crun 1.8, which refuses a host with controllers on both versions of cgroups.
    private const string RunContainer = """
        if [ -d /sys/fs/cgroup/unified ]; then mount -t tmpfs none /sys/fs/cgroup/unified; fi
        exec crun --cgroup-manager=disabled --root "$1/runtime" run --bundle "$1/bundle" foreign
        """;

    private readonly Process process;
    private readonly Process container;
    private readonly int inContainer;

    private Foreigners(Process process, Process container, int inContainer) => (this.process, this.container, this.inContainer) = (process, container, inContainer);

    public static async Task<Foreigners> Begin(WholeHost host)
    {
        var folder = $"{host.Folder}/foreign";
        Directory.CreateDirectory($"{folder}/bundle/rootfs");
        Directory.CreateDirectory($"{folder}/runtime");
        await File.WriteAllTextAsync($"{folder}/bundle/config.json", Config);
        await host.Shell($"chown -R --reference=. {folder}");
        var container = host.AsUser("unshare", "--map-root-user", "--mount", "sh", "-ec", RunContainer, "sh", folder).Begin();
        await WholeHost.Until("the foreign container runs", () => Task.FromResult(Proc.FirstChild(container.Id) is { } child && Proc.CommandLine(child)?.StartsWith("/usr/bin/sleep", StringComparison.Ordinal) == true));
        return new Foreigners(host.AsUser("sleep", "3600").Begin(), container, Proc.FirstChild(container.Id)!.Value);
    }

    public bool Live => !process.HasExited && !container.HasExited && Proc.CommandLine(inContainer) is not null;

    public void Dispose()
    {
        foreach (var one in new[] { process, container })
        {
            one.Kill(entireProcessTree: true);
            one.WaitForExit();
            one.Dispose();
        }
    }
}
