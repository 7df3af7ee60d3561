using Fleet.Actors.Sandboxes;
using Fleet.Processes;

namespace Fleet.Host.Sandboxes;

/// <summary>The unified hierarchy (kernel: admin-guide/cgroup-v2).</summary>
internal sealed class CgroupsV2(string name) : Cgroups(name)
{
    private static readonly string[] Needed = ["memory", "pids"];

    // Switched on again only where one was missing, for host init may run while the agent does.
    private volatile string[]? controllers;

    public override string? Missing(Limits limits)
    {
        string[] needed = [.. Needed, .. limits.Cpu is null ? [] : (string[])["cpu"]];
        if (controllers is null || needed.Except(controllers).Any())
        {
            controllers = Enable($"{Mount}/{Name}");
        }

        var missing = needed.Except(controllers).ToArray();
        return missing is [] && MayWrite($"{Mount}/{Name}")
            ? Outside()
            : $"no cgroup {Name} with {string.Join(", ", needed)} is delegated to the agent: {Remedy}";
    }

    public override IReadOnlyList<string> Folders(string leaf) => [Folder(leaf)];

    public override void Limit(string leaf, Limits limits)
    {
        if (limits.Memory is { } memory)
        {
            Set($"{Folder(leaf)}/memory.max", $"{memory}", "memory limit", About(memory));
            if (File.Exists($"{Folder(leaf)}/memory.swap.max"))
            {
                Set($"{Folder(leaf)}/memory.swap.max", "0", "swap limit", got => got == "0");
            }
        }

        if (limits.Processes is { } processes)
        {
            var value = processes < 0 ? "max" : $"{processes}";
            Set($"{Folder(leaf)}/pids.max", value, "processes limit", got => got == value);
        }

        if (limits.Cpu is { } cpu)
        {
            var value = $"{(long)(cpu * 100_000)} 100000";
            Set($"{Folder(leaf)}/cpu.max", value, "cpu limit", got => got == value);
        }
    }

    public override string FreezerFolder(string leaf) => Folder(leaf);

    public override long OomKills(string leaf) => Number($"{Folder(leaf)}/memory.events", "oom_kill");

    public override SandboxUsage? Usage(string leaf) => Directory.Exists(Folder(leaf))
        ? new SandboxUsage(
            TimeSpan.FromMicroseconds(Number($"{Folder(leaf)}/cpu.stat", "usage_usec")),
            Number($"{Folder(leaf)}/memory.current"),
            (int)Number($"{Folder(leaf)}/pids.current"))
        : null;

    public override bool Holds(string leaf, string membership) => membership.Split('\n').Contains($"0::/{Name}/{leaf}");

    public override Task Admit(string leaf, int pid, long user, CancellationToken cancel) => TryWrite($"{Folder(leaf)}/cgroup.procs", $"{pid}")
        ? Task.CompletedTask
        : throw new IOException($"the command could not be put into its cgroup {Folder(leaf)}");

    // A process is moved by whoever may write to the nearest group above both places (cgroup-v2.rst, "Delegation Containment").
    private string? Outside()
    {
        var own = Lines("/proc/self/cgroup").First(line => line.StartsWith("0::/", StringComparison.Ordinal))[3..];
        var above = own.Split('/').Zip($"/{Name}".Split('/')).TakeWhile(pair => pair.First == pair.Second).Select(pair => pair.First);
        return MayOpen($"{Mount}{string.Join('/', above)}/cgroup.procs")
            ? null
            : $"the agent was started in the cgroup {own}, from where it cannot move processes to /{Name}: start it by `sudo fleet up`, or by the unit of docs/install.md";
    }

    private static bool MayOpen(string file)
    {
        try
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, 0);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    // A controller must be switched on in the parent before a leaf has its files.
    private static string[] Enable(string parent)
    {
        foreach (var controller in Lines($"{parent}/cgroup.controllers").SelectMany(l => l.Split(' ')).Intersect(["memory", "pids", "cpu"]))
        {
            TrySwitchOn(parent, controller);
        }

        return [.. Lines($"{parent}/cgroup.subtree_control").SelectMany(l => l.Split(' '))];
    }

    private static void TrySwitchOn(string parent, string controller)
    {
        try
        {
            Set($"{parent}/cgroup.subtree_control", $"+{controller}", "controller", got => got.Split(' ').Contains(controller));
        }
        catch (LimitException)
        {
            // What then is missing is told by Missing, with what needs it.
        }
    }

    private string Folder(string leaf) => $"{Mount}/{Name}/{leaf}";
}
