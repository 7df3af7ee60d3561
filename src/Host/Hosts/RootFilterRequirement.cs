using System.Runtime.InteropServices;
using Fleet.Host.Linux;
using Fleet.Host.Sandboxes;

namespace Fleet.Host.Hosts;

/// <summary>
/// The system-call filter of root's tasks, compiled beforehand: it saves each of them some milliseconds. It is root's own file, for whoever writes it decides
/// what a task may call; the helper never takes the agent's.
/// </summary>
internal sealed class RootFilterRequirement(HostInitOptions options) : Requirement("root helper's filter")
{
    private const uint Private = 0x180; // 0600

    private string Path => options.Root.SeccompFilter;

    public override Finding Check()
    {
        switch (RootsPath.Read(Path, out var bytes))
        {
            case RootsPath.Found found when bytes.Length > 0 && found.Stat.Permissions == Private:
                return new Finding.Ok($"compiled ({bytes.Length} bytes)");
            case RootsPath.Closed:
                return new Finding.Ok("root alone can look at it");
            case RootsPath.Wrong wrong:
                return new Finding.Missing(wrong.Detail, wrong.Remedy);
            case RootsPath.Absent when !NativeLibrary.TryLoad(Seccomp.Library, out _):
                return new Finding.Ok($"not compiled, for want of {Seccomp.Library}: the runtime does it at each start");
            default:
                return new Finding.Missing($"{Path} is not compiled", options.Command);
        }
    }

    public override Task<string> Establish()
    {
        RootsFolder.Make(System.IO.Path.GetDirectoryName(Path)!).Dispose();
        SeccompFilter.Compile(Path);
        return Task.FromResult($"compiled {Path}");
    }
}
