using Fleet.Actors.Sandboxes;
using Fleet.Processes;

namespace Fleet.Host.Sandboxes;

/// <summary>One hierarchy per controller (cgroups(7)); cpu and cpuacct may be one folder under two names.</summary>
internal sealed class CgroupsV1(string name) : Cgroups(name)
{
    private static readonly string[] Needed = ["memory", "pids"];
    private static readonly string[] Useful = ["freezer", "cpu", "cpuacct"];

    // A look costs a mkdir per controller; again only where one was missing, for host init may run while the agent does.
    private volatile string[]? delegated;

    private string[] Delegated => delegated ??= Look();

    public override string? Missing(Limits limits)
    {
        string[] needed = [.. Needed, .. limits.Cpu is null ? [] : (string[])["cpu"]];
        if (needed.Except(Delegated).Any())
        {
            delegated = Look();
        }

        var missing = needed.Except(Delegated).ToArray();
        return missing is [] ? null : $"no cgroup {Name} is delegated to the agent for {string.Join(", ", missing)}: {Cgroups.Remedy}";
    }

    public override IReadOnlyList<string> Folders(string leaf) => [.. Needed.Union(Delegated).Select(c => Folder(c, leaf))];

    public override void Limit(string leaf, Limits limits)
    {
        if (limits.Memory is { } memory)
        {
            var folder = Folder("memory", leaf);
            Set($"{folder}/memory.limit_in_bytes", $"{memory}", "memory limit", About(memory));
            if (File.Exists($"{folder}/memory.memsw.limit_in_bytes"))
            {
                Set($"{folder}/memory.memsw.limit_in_bytes", $"{memory}", "memory and swap limit", About(memory));
            }
        }

        if (limits.Processes is { } processes)
        {
            var value = processes < 0 ? "max" : $"{processes}";
            Set($"{Folder("pids", leaf)}/pids.max", value, "processes limit", got => got == value);
        }

        if (limits.Cpu is { } cpu)
        {
            var quota = $"{(long)(cpu * 100_000)}";
            Set($"{Folder("cpu", leaf)}/cpu.cfs_period_us", "100000", "cpu period", got => got == "100000");
            Set($"{Folder("cpu", leaf)}/cpu.cfs_quota_us", quota, "cpu limit", got => got == quota);
        }
    }

    public override string FreezerFolder(string leaf) => Folder("freezer", leaf);

    public override long OomKills(string leaf) => Number($"{Folder("memory", leaf)}/memory.oom_control", "oom_kill");

    public override SandboxUsage? Usage(string leaf) => Directory.Exists(Folder("memory", leaf))
        ? new SandboxUsage(
            TimeSpan.FromMicroseconds(Number($"{Folder("cpuacct", leaf)}/cpuacct.usage") / 1000.0),
            Number($"{Folder("memory", leaf)}/memory.usage_in_bytes"),
            (int)Number($"{Folder("pids", leaf)}/pids.current"))
        : null;

    public override bool Holds(string leaf, string membership)
    {
        var lines = membership.Split('\n').Select(l => l.Split(':', 3)).Where(f => f.Length == 3).ToArray();
        return Needed.Union(Delegated.Where(c => Directory.Exists(Folder(c, leaf)))).All(c => lines.Any(f => f[1].Split(',').Contains(c) && f[2] == $"/{Name}/{leaf}"));
    }

    // Here a process is moved by root or by its own user, whoever owns the files (cgroup1_procs_write). So the file becomes that user's, and the
    // user is borrowed.
    public override async Task Admit(string leaf, int pid, long user, CancellationToken cancel)
    {
        var moved = await AgentNamespace.Command(Scripts.Admit, [$"{user}", $"{pid}", .. Folders(leaf)]).Run(cancel);
        if (!moved.Succeeded)
        {
            throw new IOException($"the command could not be put into its cgroup: {moved.Error.Trim()}");
        }
    }

    private string[] Look() => [.. Needed.Concat(Useful).Where(c => MayWrite($"{Mount}/{c}/{Name}"))];

    private string Folder(string controller, string leaf) => $"{Mount}/{controller}/{Name}/{leaf}";
}
